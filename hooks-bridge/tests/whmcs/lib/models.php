<?php

declare(strict_types=1);

/*
 * Models as hooks hand them over: Eloquent objects whose columns include some that must never be copied out, and whose
 * magic would run queries if anybody touched it.
 */

namespace Illuminate\Database\Eloquent {
    abstract class Model
    {
        protected $attributes = [];

        public function __construct(array $attributes = [])
        {
            $this->attributes = $attributes;
        }

        public function getAttributes()
        {
            return $this->attributes;
        }

        public function __get($name)
        {
            return $this->attributes[$name] ?? null;
        }

        public function __isset($name)
        {
            return isset($this->attributes[$name]);
        }

        public function __toString()
        {
            return (string) json_encode($this->attributes);
        }

        public function __sleep()
        {
            throw new \LogicException('a model must never be serialised');
        }
    }
}

namespace WHMCS\User {
    class User extends \Illuminate\Database\Eloquent\Model
    {
    }

    class Admin extends \Illuminate\Database\Eloquent\Model
    {
    }

    class Client extends \Illuminate\Database\Eloquent\Model
    {
    }
}

namespace WHMCS\Billing {
    class Invoice extends \Illuminate\Database\Eloquent\Model
    {
    }
}
