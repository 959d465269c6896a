<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/** One finished item: its id, what it is about, and its JSON text, which begins with `{"id":` and carries no seq yet. */
final class Item
{
    private $id;
    private $subject;
    private $text;
    private $parkedFor;

    public function __construct(string $id, string $subject, string $text, ?string $parkedFor = null)
    {
        $this->id = $id;
        $this->subject = (string) preg_replace('/[^\x20-\x7e]/', '?', substr($subject, 0, 100));
        $this->text = $text;
        $this->parkedFor = $parkedFor;
    }

    /** A line that is no item: not for the sidecar, but for a person to look at. */
    public static function unreadable(string $id, string $line): self
    {
        return new self($id, 'spool', $line, 'unreadable line of the spool file');
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

    public function parkedFor(): ?string
    {
        return $this->parkedFor;
    }
}
