<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail\Admin;

use WHMCS\Module\Addon\Sealtrail\Bridge;

/**
 * The hook points that ask for something to show, and nothing else. Whatever happens in here, WHMCS's page goes on: an error
 * shows nothing, and the sidecar is waited for a quarter of a second at most.
 */
final class OutputHooks
{
    const HOOKS = [
        'AdminHomeWidgets', 'AdminAreaHeaderOutput', 'AdminAreaClientSummaryPage', 'AdminAreaClientSummaryActionLinks',
        'AdminInvoicesControlsOutput', 'AdminAreaViewTicketPage', 'AdminClientServicesTabFields', 'AdminClientDomainsTabFields',
    ];
    const PRIORITY = 999;

    private $bridge;
    private $panels;

    public function __construct(Bridge $bridge)
    {
        $this->bridge = $bridge;
    }

    public function register()
    {
        foreach (self::HOOKS as $hook) {
            add_hook($hook, self::PRIORITY, function (...$args) use ($hook) {
                return $this->answer($hook, is_array($args[0] ?? null) ? $args[0] : []);
            });
        }
    }

    /** @return mixed what WHMCS is to show; null for nothing */
    private function answer(string $hook, array $vars)
    {
        set_error_handler(static function (): bool {
            return true;
        });
        try {
            $panels = $this->panels();

            return $panels === null ? null : $this->make($panels, $hook, $vars);
        } catch (\Throwable $e) {
            error_log('sealtrail: ' . $hook . ': ' . get_class($e) . ' at ' . basename($e->getFile()) . ':' . $e->getLine());

            return null;
        } finally {
            restore_error_handler();
        }
    }

    /** @return mixed */
    private function make(Panels $panels, string $hook, array $vars)
    {
        switch ($hook) {
            case 'AdminHomeWidgets':
                return class_exists('WHMCS\\Module\\AbstractWidget') ? DashboardWidget::showing($panels) : null;
            case 'AdminAreaHeaderOutput':
                return $panels->banner();
            case 'AdminAreaClientSummaryPage':
                return self::withId($vars, 'userid', [$panels, 'client']);
            case 'AdminAreaClientSummaryActionLinks':
                return self::withId($vars, 'userid', static function (int $id) use ($panels): array {
                    return [$panels->clientLink($id)];
                });
            case 'AdminInvoicesControlsOutput':
                return self::withId($vars, 'invoiceid', self::linkTo($panels, 'invoice'));
            case 'AdminAreaViewTicketPage':
                return self::withId($vars, 'ticketid', self::linkTo($panels, 'ticket'));
            case 'AdminClientServicesTabFields':
                return self::withId($vars, 'id', self::fieldFor($panels, 'service'));
            default:
                return self::withId($vars, 'id', self::fieldFor($panels, 'domain'));
        }
    }

    private static function linkTo(Panels $panels, string $type): \Closure
    {
        return static function (int $id) use ($panels, $type): string {
            return $panels->link($type, $id);
        };
    }

    private static function fieldFor(Panels $panels, string $type): \Closure
    {
        return static function (int $id) use ($panels, $type): array {
            return $panels->field($type, $id);
        };
    }

    /** @return mixed */
    private static function withId(array $vars, string $name, callable $make)
    {
        $id = is_scalar($vars[$name] ?? null) ? (int) $vars[$name] : 0;

        return $id > 0 ? $make($id) : null;
    }

    private function panels(): ?Panels
    {
        if ($this->panels === null) {
            $viewer = Viewer::find($this->bridge->connection());
            $this->panels = $viewer !== null && $viewer->mayOpen() ? new Panels($this->bridge, $viewer) : false;
        }

        return $this->panels ?: null;
    }
}
