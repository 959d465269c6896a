<?php

declare(strict_types=1);

use Sealtrail\Tests\BridgeCase;
use WHMCS\Module\Addon\Sealtrail\FactsCache;
use WHMCS\Module\Addon\Sealtrail\Spool;

final class FactsCacheTest extends BridgeCase
{
    private function cache(): FactsCache
    {
        return new FactsCache(new Spool([$this->spoolFolder]));
    }

    public function testASecondRequestWritesItsFirstEventWithoutAConnection(): void
    {
        $this->adminRequest('clientssummary.php', 'GET');
        $_SESSION['adminid'] = 7;
        foreach ([null, $this->databaseAway()] as $config) {
            $GLOBALS['hooks'] = [];
            $this->aBridge('', $config)->listen();
            run_hook('ClientEdit', ['userid' => 5]);
        }
        $text = implode('', array_map('file_get_contents', glob($this->spoolFolder . '/spool-*')));
        $items = array_map(static function (string $line): array {
            return json_decode($line, true);
        }, array_values(array_filter(explode("\n", $text), static function (string $line): bool {
            return strncmp($line, '{', 1) === 0;
        })));
        $this->assertCount(2, $items);
        $this->assertSame($items[0]['actor'], $items[1]['actor']);
        $this->assertSame(['jane', 'Full Administrator'], [$items[1]['actor']['name'], $items[1]['actor']['role']]);
        $this->assertSame($items[0]['installation'], $items[1]['installation']);
        $this->assertNotNull($items[1]['installation']['node']);
    }

    public function testWhatIsOlderThanAMinuteIsAskedAgainAndTheFileIsOursAlone(): void
    {
        $this->cache()->put('admin.7', ['name' => 'jane']);
        $this->assertSame(['name' => 'jane'], $this->cache()->find('admin.7'));
        $file = $this->spoolFolder . '/.facts.php';
        $this->assertSame(0600, fileperms($file) & 0777);
        $this->assertStringStartsWith('<?php exit; ?>', (string) file_get_contents($file));
        $text = (string) file_get_contents($file);
        file_put_contents($file, preg_replace_callback('/(?<="at":)\d+/', static function (array $at): string {
            return (string) ($at[0] - FactsCache::SECONDS - 1);
        }, $text, -1, $times));
        $this->assertSame(1, $times);
        $this->assertNull($this->cache()->find('admin.7'));
        file_put_contents($file, 'half a fi');
        $this->assertNull($this->cache()->find('admin.7'));
    }

    public function testAChangedRoleIsNamedAtOnce(): void
    {
        $this->adminRequest('configadmins.php');
        $_SESSION['adminid'] = 8;
        $first = $this->aBridge();
        $first->watch()->learn();
        $first->listen();
        run_hook('ClientEdit', ['userid' => 5]);
        $this->sql('UPDATE tbladmins SET roleid = 1 WHERE id = 8');
        $first->watch()->end();
        $GLOBALS['hooks'] = [];
        $this->aBridge()->listen();
        run_hook('ClientEdit', ['userid' => 6]);
        $roles = array_map(static function (array $item): ?string {
            return $item['actor']['role'];
        }, $this->items());
        $this->sql('UPDATE tbladmins SET roleid = 2 WHERE id = 8');
        $this->assertSame('Sales Operator', $roles[0]);
        $this->assertSame('Full Administrator', end($roles));
    }

    public function testWithoutAFolderNothingIsKeptAndNothingBreaks(): void
    {
        $cache = new FactsCache(new Spool(['/proc/no-such-place']));
        $cache->put('x', ['y' => 1]);
        $cache->forget();
        $this->assertNull((new FactsCache(new Spool(['/proc/no-such-place'])))->find('x'));
    }
}
