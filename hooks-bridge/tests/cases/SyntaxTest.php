<?php

declare(strict_types=1);

use PHPUnit\Framework\TestCase;

/** The module must parse on PHP 7.2, which this machine does not have: newer syntax is looked for by its tokens. */
final class SyntaxTest extends TestCase
{
    const MODULE = __DIR__ . '/../../modules/addons/sealtrail';
    const NEWER_FUNCTIONS = [
        'str_contains', 'str_starts_with', 'str_ends_with', 'get_debug_type', 'array_is_list', 'array_key_first', 'array_key_last',
        'is_countable', 'hrtime', 'mb_str_split', 'password_algos', 'get_mangled_object_vars', 'preg_last_error_msg', 'fdiv',
        'array_find', 'array_any', 'array_all', 'json_validate', 'mb_str_pad', 'mb_trim', 'mb_ltrim', 'mb_rtrim', 'iterator_apply_all',
    ];
    const NEWER_CONSTANTS = ['JSON_THROW_ON_ERROR'];

    private function files(): array
    {
        $files = [];
        foreach (new RecursiveIteratorIterator(new RecursiveDirectoryIterator(self::MODULE, FilesystemIterator::SKIP_DOTS)) as $file) {
            if ($file->getExtension() === 'php') {
                $files[] = $file->getPathname();
            }
        }
        $this->assertGreaterThan(25, count($files));

        return $files;
    }

    public function testEveryFileParses(): void
    {
        $all = array_merge($this->files(), glob(__DIR__ . '/../{*,*/*,*/*/*}.php', GLOB_BRACE), glob(__DIR__ . '/../../tools/*.php'));
        foreach ($all as $file) {
            exec(PHP_BINARY . ' -l ' . escapeshellarg($file) . ' 2>&1', $lines, $exit);
            $this->assertSame(0, $exit, implode("\n", $lines));
        }
    }

    public function testNothingNewerThan72IsUsed(): void
    {
        foreach ($this->files() as $file) {
            $this->assertSame([], $this->newerSyntax((string) file_get_contents($file)), $file);
        }
    }

    public function newer(): array
    {
        return [
            ['class A { private int $x; }'], ['class A { public ?string $x = null; }'], ['$f = fn ($x) => $x;'], ['$a ??= 1;'],
            ['$x = match (1) { default => 2 };'], ['$a?->b();'], ['class A { function __construct(private $x) {} }'], ['f(name: 1);'],
            ['#[Attr] class A {}'], ['function f(): mixed {}'], ['function f(): int|string {}'], ['function f(): static {}'], ['enum A {}'],
            ['$x = 1_000;'], ['f(...);'], ['str_contains("a", "b");'], ['$x = [...$y];'], ['class A { public readonly $x; }'],
            ['$x = throw new E();'], ['try {} catch (E) {}'], ['f($a,);'], ['class A { const int X = 1; }'], ['function f($a,) {}'],
        ];
    }

    /** @dataProvider newer */
    public function testTheGuardSeesNewerSyntax(string $code): void
    {
        $this->assertNotSame([], $this->newerSyntax('<?php ' . $code), $code);
    }

    /** @return string[] what was found */
    private function newerSyntax(string $code): array
    {
        $found = [];
        $tokens = array_values(array_filter(array_map(static function ($token) {
            return is_array($token) ? $token : [null, $token, 0];
        }, token_get_all($code)), static function (array $token): bool {
            return !in_array($token[0], [T_WHITESPACE, T_COMMENT, T_DOC_COMMENT], true);
        }));
        $names = ['T_FN', 'T_MATCH', 'T_NULLSAFE_OBJECT_OPERATOR', 'T_COALESCE_EQUAL', 'T_ATTRIBUTE', 'T_ENUM', 'T_READONLY'];
        $text = static function (int $n) use ($tokens): string {
            return strtolower($tokens[$n][1] ?? '');
        };
        foreach ($tokens as $n => $token) {
            $type = $token[0] === null ? '' : token_name($token[0]);
            $isCall = $text($n + 1) === '(' && !in_array($text($n - 1), ['->', '::', 'function'], true);
            if (in_array($type, $names, true)
                || ($type === 'T_LNUMBER' && strpos($token[1], '_') !== false)
                || ($type === 'T_STRING' && $isCall && in_array($text($n), self::NEWER_FUNCTIONS, true))
                || ($type === 'T_STRING' && in_array($token[1], self::NEWER_CONSTANTS, true))
                // a typed property: modifier, then a type, then the variable
                || (in_array($type, ['T_PUBLIC', 'T_PROTECTED', 'T_PRIVATE', 'T_STATIC', 'T_VAR'], true)
                    && ($text($n + 1) === '?' || in_array(token_name($tokens[$n + 1][0] ?? T_INLINE_HTML), ['T_STRING', 'T_ARRAY', 'T_CALLABLE', 'T_NAME_QUALIFIED', 'T_NAME_FULLY_QUALIFIED'], true))
                    && $text($n - 1) !== 'new' && $text($n + 1) !== '::')
                // constructor promotion: a modifier inside a parameter list
                || (in_array($type, ['T_PUBLIC', 'T_PROTECTED', 'T_PRIVATE'], true) && in_array($text($n - 1), ['(', ','], true))
                // named argument
                || ($type === 'T_STRING' && $text($n + 1) === ':' && in_array($text($n - 1), ['(', ','], true))
                // union, mixed, static and never as return types
                || ($token[1] === ':' && $text($n - 1) === ')' && (in_array($text($n + 1), ['mixed', 'static', 'never'], true) || $text($n + 2) === '|'))
                // spread in an array, first-class callable
                || ($type === 'T_ELLIPSIS' && (in_array($text($n - 1), ['['], true) || $text($n + 1) === ')'))
                || ($type === 'T_THROW' && !in_array($text($n - 1), ['{', '}', ';', ')', ':', 'else', '<?php '], true))
                || ($type === 'T_CATCH' && preg_match('/^\\\\?[\w\\\\|]+$/', $text($n + 2)) && $text($n + 3) === ')')
                || ($token[1] === ',' && $text($n + 1) === ')' && $this->isTooNewTrailingComma($tokens, $n))
                || ($type === 'T_CONST' && $text($n + 2) !== '=')
            ) {
                $found[] = $type . ' ' . $token[1] . ' in line ' . $token[2];
            }
        }

        return $found;
    }

    // A trailing comma is fine in array() and list(), not in calls (7.3) or parameter lists (8.0).
    private function isTooNewTrailingComma(array $tokens, int $comma): bool
    {
        $depth = 1;
        for ($n = $comma - 1; $n >= 0; $n--) {
            $depth += in_array($tokens[$n][1], [')', ']', '}'], true) ? 1 : (in_array($tokens[$n][1], ['(', '[', '{'], true) ? -1 : 0);
            if ($depth === 0) {
                return !in_array($tokens[$n - 1][0], [T_ARRAY, T_LIST], true);
            }
        }

        return true;
    }
}
