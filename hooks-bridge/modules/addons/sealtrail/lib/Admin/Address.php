<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail\Admin;

/**
 * Where a page of the sidecar is: its path and query, which travel in one parameter of the addon page. A form sent by GET
 * brings its fields as parameters beside it; they belong to the query.
 */
final class Address
{
    // The page by itself ("full window", and what the frame shows) and the page within WHMCS's own.
    const RAW = 'st';
    const FRAMED = 'at';

    private $path;
    private $query;

    private function __construct(string $path, string $query)
    {
        $this->path = $path;
        $this->query = $query;
    }

    public static function of(string $target): self
    {
        // Written by hand or by a mail program: everything that a request line does not take is encoded.
        $target = (string) preg_replace_callback('/[^\x21-\x7e]/', static function (array $found): string {
            return rawurlencode($found[0]);
        }, explode('#', $target)[0]);
        list($path, $query) = explode('?', $target, 2) + [1 => ''];

        return preg_match('~^/(?!/)[^\\\\]*$~D', $path) === 1 ? new self($path, $query) : new self('/', '');
    }

    /** @param string $queryString as it came; PHP's own parsing drops fields that are given twice */
    public static function find(string $queryString, string $parameter): ?self
    {
        $target = null;
        $fields = [];
        foreach (explode('&', $queryString) as $field) {
            list($name, $value) = explode('=', $field, 2) + [1 => ''];
            if (urldecode($name) === $parameter) {
                $target = $target ?? urldecode($value);
            } elseif ($field !== '' && !in_array(urldecode($name), ['module', self::RAW, self::FRAMED], true)) {
                $fields[] = $field;
            }
        }
        if ($target === null) {
            return null;
        }
        $extra = implode('&', $fields);

        return self::of($target . ($extra === '' ? '' : (strpos($target, '?') === false ? '?' : '&') . $extra));
    }

    public function path(): string
    {
        return $this->path;
    }

    public function query(): string
    {
        return $this->query;
    }

    public function under(string $moduleLink, string $parameter): string
    {
        $target = $this->path . ($this->query === '' ? '' : '?' . $this->query);

        return $moduleLink . (strpos($moduleLink, '?') === false ? '?' : '&') . $parameter . '=' . rawurlencode($target);
    }
}
