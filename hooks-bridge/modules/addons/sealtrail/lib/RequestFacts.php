<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/** Where this request came from and by which door, as PHP and WHMCS tell it; nothing is believed here, only passed on. */
final class RequestFacts
{
    const VIA_UI = 'ui';
    const VIA_API = 'api';
    const VIA_CRON = 'cron';
    const VIA_CALLBACK = 'callback';
    const VIA_EMAIL = 'email';
    const VIA_CLI = 'cli';

    const REACH_ALL = 'all';
    const REACH_NAMED = 'named';
    const REACH_NOTHING = 'nothing';
    const ADMIN_LINK_THAT_ACTS = '~(?:^|&)(?:(?:action|sub|delete|remove)=|rp=[^&]*/(?:delete|remove|activate|deactivate|enable|disable|revoke|toggle|login))~i';

    const HEADERS = ['x-forwarded-for', 'cf-connecting-ip', 'forwarded', 'x-real-ip'];
    const MAX_HEADER_BYTES = 512;

    private $server;
    private $customAdminPath;

    public function __construct(array $server, string $customAdminPath)
    {
        $this->server = $server;
        $this->customAdminPath = trim($customAdminPath, '/') === '' ? 'admin' : trim($customAdminPath, '/');
    }

    public static function ofBilling(): self
    {
        $path = $GLOBALS['customadminpath'] ?? self::askApp('get_admin_folder_name');

        return new self($_SERVER, is_string($path) ? $path : '');
    }

    /** By script first: the cron can also be started by URL, where PHP does not run as a command. */
    public function via(): string
    {
        $script = $this->script();
        if ($script === 'cron.php') {
            return self::VIA_CRON;
        }
        if ($script === 'pipe.php' || $script === 'pop.php') {
            return self::VIA_EMAIL;
        }
        if ($this->method() === '') {
            return self::VIA_CLI;
        }
        if (strpos($this->path(), '/modules/gateways/callback/') !== false) {
            return self::VIA_CALLBACK;
        }
        if ($script === 'api.php' && basename(dirname($this->path())) === 'includes') {
            return self::VIA_API;
        }

        return self::VIA_UI;
    }

    public function isAdminArea(): bool
    {
        return $this->method() !== ''
            && (defined('ADMINAREA') || basename(dirname($this->path())) === $this->customAdminPath);
    }

    /**
     * How far this request can change things: everywhere, only what it names, or nowhere.
     *
     * @param string $apiCall what is called, where this is an API request
     */
    public function reach(string $apiCall = ''): string
    {
        switch ($this->via()) {
            case self::VIA_API:
                return preg_match('/^get[A-Z]/', lcfirst($apiCall)) === 1 ? self::REACH_NOTHING : self::REACH_ALL;
            case self::VIA_CRON:
            case self::VIA_CLI:
                return self::REACH_ALL;
            case self::VIA_CALLBACK:
            case self::VIA_EMAIL:
                return self::REACH_NAMED;
        }
        if ($this->method() === 'POST') {
            return $this->isAdminArea() ? self::REACH_ALL : self::REACH_NAMED;
        }

        return $this->isAdminArea() && preg_match(self::ADMIN_LINK_THAT_ACTS, rawurldecode($this->value('QUERY_STRING'))) === 1
            ? self::REACH_ALL
            : self::REACH_NOTHING;
    }

    public function script(): string
    {
        return basename($this->path());
    }

    public function block(string $session): array
    {
        $headers = [];
        foreach (self::HEADERS as $header) {
            $value = $this->value('HTTP_' . strtoupper(str_replace('-', '_', $header)));
            if ($value !== '') {
                $headers[$header] = FreeText::clean($value, self::MAX_HEADER_BYTES);
            }
        }

        return [
            'peer' => $this->orNull($this->value('REMOTE_ADDR')),
            'headers' => (object) $headers,
            'whmcs_ip' => $this->method() === '' ? null : $this->billingIp(),
            'user_agent' => $this->orNull($this->value('HTTP_USER_AGENT')),
            'via' => $this->via(),
            'script' => $this->orNull($this->script()),
            // Not cleaned as text: digits of a hash may look like a card number.
            'session' => $session === '' ? null : $session,
        ];
    }

    private function billingIp(): ?string
    {
        $ip = self::askApp('getClientIp');

        return is_string($ip) ? $this->orNull($ip) : null;
    }

    /** @return mixed these are not documented by WHMCS, so their absence or failure must not matter */
    private static function askApp(string $question)
    {
        try {
            return class_exists('App', false) && is_callable(['App', $question]) ? \App::$question() : null;
        } catch (\Throwable $e) {
            return null;
        }
    }

    private function path(): string
    {
        return '/' . ltrim(str_replace('\\', '/', $this->value('SCRIPT_NAME') ?: $this->value('PHP_SELF')), '/');
    }

    /** The page that led here, by its script alone. */
    public function refererScript(): string
    {
        $path = parse_url($this->value('HTTP_REFERER'), PHP_URL_PATH);

        return is_string($path) ? basename($path) : '';
    }

    public function method(): string
    {
        return strtoupper($this->value('REQUEST_METHOD'));
    }

    private function value(string $name): string
    {
        $value = $this->server[$name] ?? '';

        return is_string($value) ? $value : '';
    }

    private function orNull(string $value): ?string
    {
        return $value === '' ? null : FreeText::clean($value, self::MAX_HEADER_BYTES);
    }
}
