<?php

declare(strict_types=1);

namespace Sealtrail\Tests;

use PHPUnit\Framework\Assert;

/** The stand-in's admin area under PHP's own web server, and somebody who visits it. */
final class Visit
{
    private $server;
    private $base;
    private $cookie;

    /** @param string[] $settings of PHP, as for -d */
    public function __construct(array $settings = [], array $env = [])
    {
        $port = Endpoint::freePort();
        $this->base = 'http://127.0.0.1:' . $port;
        $options = [];
        foreach ($settings as $setting) {
            array_push($options, '-d', $setting);
        }
        $this->server = proc_open(
            array_merge([PHP_BINARY], $options, ['-S', '127.0.0.1:' . $port, '-t', __DIR__ . '/../whmcs']),
            [1 => ['file', '/dev/null', 'w'], 2 => ['file', '/dev/null', 'w']],
            $pipes,
            null,
            $env + getenv()
        );
        Endpoint::waitFor($port);
        $this->cookie = tempnam(sys_get_temp_dir(), 'cookie');
    }

    public function end()
    {
        proc_terminate($this->server);
        proc_close($this->server);
        unlink($this->cookie);
    }

    public function signIn(string $username = 'admin')
    {
        $this->submit('/admin/login.php', '/admin/dologin.php', ['username' => $username, 'password' => 'admin-password']);
    }

    /** Opens a page, takes the token out of its form, sends the form. */
    public function submit(string $page, ?string $target, array $fields): string
    {
        return $this->whole($target ?? $page, $fields + ['token' => $this->token($page)]);
    }

    public function token(string $page): string
    {
        preg_match('/name="token" value="([^"]+)"/', $this->get($page), $token);

        return $token[1];
    }

    public function get(string $path): string
    {
        return $this->whole($path, null);
    }

    private function whole(string $path, ?array $post): string
    {
        $answer = $this->request($path, $post, [CURLOPT_FOLLOWLOCATION => true]);
        Assert::assertSame(200, $answer['status'], $path . ': ' . $answer['body']);
        Assert::assertStringNotContainsString('Warning', $answer['body']);

        return $answer['body'];
    }

    /** @return array{status: int, headers: array<string, string[]>, body: string} */
    public function request(string $path, ?array $post = null, array $options = []): array
    {
        $headers = [];
        $curl = curl_init($this->base . $path);
        curl_setopt_array($curl, [
            CURLOPT_RETURNTRANSFER => true, CURLOPT_COOKIEJAR => $this->cookie, CURLOPT_COOKIEFILE => $this->cookie, CURLOPT_TIMEOUT => 300,
            CURLOPT_HEADERFUNCTION => static function ($curl, string $line) use (&$headers): int {
                if (strpos($line, ':') !== false) {
                    list($name, $value) = explode(':', $line, 2);
                    $headers[strtolower($name)][] = trim($value);
                }

                return strlen($line);
            },
        ]);
        curl_setopt_array($curl, $options);
        if ($post !== null) {
            curl_setopt($curl, CURLOPT_POSTFIELDS, http_build_query($post));
        }
        $body = (string) curl_exec($curl);

        return ['status' => (int) curl_getinfo($curl, CURLINFO_HTTP_CODE), 'headers' => $headers, 'body' => $body];
    }
}
