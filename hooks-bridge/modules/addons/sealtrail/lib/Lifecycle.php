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
        $this->bridge->watch()->learn();
        // What WHMCS writes down about the activation itself comes after this, and no hook of ours is loaded yet.
        register_shutdown_function([$this->bridge->watch(), 'learn']);
        $this->bridge->recorder()->finding(['own' => 'audit.capture_started'], 'The addon was activated.');
        $this->bridge->moveToOutbox();

        return ['status' => 'success', 'description' => $this->words->text('activated')];
    }

    /** From here on no hook and no cron run of ours comes, so what is waiting is sent now if it can be. */
    public function deactivate(): array
    {
        $this->recordState('active', 'inactive');
        $this->bridge->recorder()->finding(['own' => 'audit.capture_stopped'], 'The addon was deactivated.');
        $this->bridge->moveToOutbox();
        $this->bridge->deliver(Limits::button());

        return ['status' => 'success', 'description' => $this->words->text('deactivated') . $this->leftovers()];
    }

    // Telling must not keep anybody from deactivating.
    private function leftovers(): string
    {
        try {
            return ' ' . implode(' ', (new Leftovers($this->bridge))->sentences($this->words));
        } catch (\Throwable $e) {
            return ' ' . $this->words->text('left_unknown');
        }
    }

    public function upgrade()
    {
        $this->bridge->schema()->create();
        $this->bridge->watch()->learn();
    }

    private function recordState(string $before, string $after)
    {
        $this->bridge->recorder()->tableChange('tbladdonmodules', Settings::MODULE, ['state' => $before], ['state' => $after]);
    }
}
