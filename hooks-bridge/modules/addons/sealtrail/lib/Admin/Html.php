<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail\Admin;

/** The few looks of our own inside WHMCS's admin area, all under one class; everything else is WHMCS's Bootstrap. */
final class Html
{
    const STYLE = '.sealtrail-bar{display:flex;flex-wrap:wrap;align-items:center;gap:8px 16px;margin:0 0 12px}'
        . '.sealtrail-bar .nav{flex:1 1 auto;margin:0}.sealtrail-frame{display:block;width:100%;height:calc(100vh - 210px);min-height:620px;'
        . 'border:1px solid #d8dee6;border-radius:4px;background:#fff}'
        . '.sealtrail-facts{display:flex;flex-wrap:wrap;gap:8px 28px;margin:0 0 10px;padding:0;list-style:none}'
        . '.sealtrail-facts strong{display:block;font-size:22px;line-height:1.2;font-variant-numeric:tabular-nums}'
        . '.sealtrail-quiet{color:#5f6b7a}.sealtrail-table{margin:0}.sealtrail-table td{vertical-align:top}'
        . '.sealtrail-time{white-space:nowrap;font-variant-numeric:tabular-nums}'
        . '.sealtrail-mark{display:inline-block;min-width:5.5em;white-space:nowrap}.sealtrail-mark-critical{color:#b42318;font-weight:600}'
        . '.sealtrail-mark-warning{color:#8a5300;font-weight:600}.sealtrail-mark-notice{color:#0b6b61}.sealtrail-mark-info{color:#56657a}'
        . '.sealtrail-intact{color:#0b6b3a}.sealtrail-broken{color:#b42318;font-weight:600}.sealtrail-unknown{color:#8a5300}'
        . '.sealtrail-table th:not(:last-child),.sealtrail-table td:not(:last-child){width:1%;white-space:nowrap;padding-right:20px}'
        . '.sealtrail-standing th{width:30%}.sealtrail-danger{margin-top:24px;border-top:1px solid #d8dee6;padding-top:12px}'
        . '.sealtrail-code{width:100%;max-width:720px;font-family:monospace}.sealtrail-scroll{max-height:420px;overflow:auto}.sealtrail-banner{margin:0 0 12px}';

    const PROBLEM_STYLE = 'body{margin:0;font:15px/1.6 system-ui,-apple-system,"Segoe UI","PingFang SC","PingFang TC","Microsoft YaHei",'
        . '"Microsoft JhengHei","Noto Sans CJK SC",sans-serif;color:#1c2733;background:#fff}main{max-width:620px;margin:48px auto;padding:0 20px}'
        . 'h1{font-size:22px;line-height:1.3}code{color:#5f6b7a;overflow-wrap:anywhere}a{color:#0b5cad}';

    const PROBLEM_STYLE_DARK = '@media(prefers-color-scheme:dark){body{color:#dfe5ec;background:#12181f}code{color:#93a0af}a{color:#7db7f5}}';

    // Shape, word and colour: never colour alone.
    const SEVERITY_SHAPES = ['critical' => '◆', 'warning' => '▲', 'notice' => '●', 'info' => '○'];

    private static $isStyled = false;

    public static function escape(string $text): string
    {
        return htmlspecialchars($text, ENT_QUOTES | ENT_SUBSTITUTE, 'UTF-8');
    }

    /** Once a page, in front of what first needs it. */
    public static function style(): string
    {
        $isFirst = !self::$isStyled;
        self::$isStyled = true;

        return $isFirst ? '<style>' . self::STYLE . '</style>' : '';
    }

    public static function link(string $href, string $text, string $class = ''): string
    {
        return '<a' . ($class === '' ? '' : ' class="' . $class . '"') . ' href="' . self::escape($href) . '">' . self::escape($text) . '</a>';
    }

    public static function notice(string $level, string $text, string $detail = ''): string
    {
        return '<div class="alert alert-' . $level . '" role="status">' . self::escape($text)
            . ($detail === '' ? '' : '<br><code>' . self::escape($detail) . '</code>') . '</div>';
    }
}
