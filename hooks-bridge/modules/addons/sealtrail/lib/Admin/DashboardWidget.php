<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail\Admin;

/** The audit log on WHMCS's home page: how many entries, how grave, and whether the chain holds. */
final class DashboardWidget extends \WHMCS\Module\AbstractWidget
{
    protected $title = 'Sealtrail';
    protected $description = '';
    protected $weight = 150;
    protected $columns = 1;
    protected $cache = false;
    protected $cacheExpiry = 60;
    protected $requiredPermission = '';

    private $panels;

    public static function showing(Panels $panels): self
    {
        $widget = new self();
        $widget->panels = $panels;
        $widget->title = $panels->widgetTitle();

        return $widget;
    }

    // WHMCS makes it from the class name, whose backslashes would end up in its scripts.
    public function getId(): string
    {
        return 'SealtrailAudit';
    }

    public function getData()
    {
        return self::quietly(function () {
            return ['found' => $this->panels->dashboard()];
        }, ['found' => null]);
    }

    public function generateOutput($data)
    {
        return self::quietly(function () use ($data) {
            return $this->panels->dashboardHtml(is_array($data['found'] ?? null) ? $data['found'] : null);
        }, '');
    }

    /** WHMCS calls these after our hook has returned, so that they are guarded once more. */
    private static function quietly(callable $work, $otherwise)
    {
        set_error_handler(static function (): bool {
            return true;
        });
        try {
            return $work();
        } catch (\Throwable $e) {
            error_log('sealtrail: widget: ' . get_class($e) . ' at ' . basename($e->getFile()) . ':' . $e->getLine());

            return $otherwise;
        } finally {
            restore_error_handler();
        }
    }
}
