<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/** One finished item: its id, what it is about, and its JSON text, which begins with `{"id":` and carries no seq yet. */
final class Item
{
    private $id;
    private $subject;
    private $text;

    public function __construct(string $id, string $subject, string $text)
    {
        $this->id = $id;
        $this->subject = substr($subject, 0, 100);
        $this->text = $text;
    }

    public function id(): string
    {
        return $this->id;
    }

    public function subject(): string
    {
        return $this->subject;
    }

    public function text(): string
    {
        return $this->text;
    }
}
