<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail\Admin;

/** What the sidecar answered; status 0 means that nothing came. */
final class Reply
{
    const MAX_HEADERS_BYTES = 65536;

    private $status = 0;
    private $headers = [];
    private $headerBytes = 0;
    private $body = '';
    private $error = '';
    private $isAuthentic = false;

    public function addHeaderLine(string $line): bool
    {
        $this->headerBytes += strlen($line);
        if (preg_match('~^HTTP/[\d.]+ (\d{3})~', $line, $found) === 1) {
            // "100 Continue" comes before the answer itself.
            $this->status = (int) $found[1];
            $this->headers = [];
        } elseif (strpos($line, ':') !== false) {
            list($name, $value) = explode(':', $line, 2);
            $this->headers[strtolower(trim($name))][] = trim($value);
        }

        return $this->headerBytes <= self::MAX_HEADERS_BYTES;
    }

    public function addBody(string $bytes)
    {
        $this->body .= $bytes;
    }

    public function fail(string $error)
    {
        $this->error = $error;
    }

    public function authenticate(bool $isAuthentic)
    {
        $this->isAuthentic = $isAuthentic;
    }

    public function status(): int
    {
        return $this->status;
    }

    public function header(string $name): string
    {
        return $this->headers[$name][0] ?? '';
    }

    /** @return string[] */
    public function headers(string $name): array
    {
        return $this->headers[$name] ?? [];
    }

    public function body(): string
    {
        return $this->body;
    }

    public function error(): string
    {
        return $this->error;
    }

    public function isDownload(): bool
    {
        return preg_match('/^attachment\b/i', $this->header('content-disposition')) === 1;
    }

    /** Whole, and signed with our secret. Anything else may come from whoever listens there instead of the sidecar. */
    public function isAuthentic(): bool
    {
        return $this->isAuthentic && $this->error === '';
    }
}
