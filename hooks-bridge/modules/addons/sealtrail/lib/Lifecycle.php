<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/** Activation, deactivation and upgrade of this module, each recorded; none of them ever drops data. */
final class Lifecycle
{
    private $bridge;
    private $words;

    public function __construct(Bridge $bridge, Words $words)
    {
        $this->bridge = $bridge;
        $this->words = $words;
    }

    /** @return array{status: string, description: string} */
    public function activate(): array
    {
        $missing = Requirements::missing();
        if ($missing !== []) {
            return ['status' => 'error', 'description' => $this->words->text('activate_missing') . ' ' . implode(', ', $missing)];
        }
        try {
            $this->bridge->schema()->create();
        } catch (\Throwable $e) {
            return ['status' => 'error', 'description' => $this->words->text('activate_tables')];
        }
        $this->recordState('inactive', 'active');

        return ['status' => 'success', 'description' => $this->words->text('activated')];
    }

    /** From here on no hook and no cron run of ours comes, so what is waiting is sent now if it can be. */
    public function deactivate(): array
    {
        $this->recordState('active', 'inactive');
        $this->bridge->deliver(Limits::button());

        return ['status' => 'success', 'description' => $this->words->text('deactivated')];
    }

    public function upgrade()
    {
        $this->bridge->schema()->create();
    }

    private function recordState(string $before, string $after)
    {
        $this->bridge->recorder()->tableChange('tbladdonmodules', Settings::MODULE, ['state' => $before], ['state' => $after]);
    }
}
