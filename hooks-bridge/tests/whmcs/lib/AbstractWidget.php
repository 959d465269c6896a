<?php

declare(strict_types=1);

namespace WHMCS\Module;

/** As advanced/widgets describes it: the settings are properties, the admin home page asks for data and then for HTML. */
abstract class AbstractWidget
{
    protected $title = '';
    protected $description = '';
    protected $weight = 100;
    protected $columns = 1;
    protected $cache = false;
    protected $cachePerUser = false;
    protected $cacheExpiry = 3600;
    protected $requiredPermission = '';

    abstract public function getData();

    abstract public function generateOutput($data);

    public function getId(): string
    {
        return str_replace('WHMCS\\Module\\Widget\\', '', static::class);
    }

    public function getTitle(): string
    {
        return $this->title;
    }

    public function getWeight(): int
    {
        return $this->weight;
    }

    public function getColumns(): int
    {
        return $this->columns;
    }

    public function getRequiredPermission(): string
    {
        return $this->requiredPermission;
    }

    public function render(): string
    {
        return (string) $this->generateOutput($this->getData());
    }
}
