<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/** Says by its name alone whether a value must stay in PHP. Names are compared without case and punctuation. */
final class SecretNames
{
    const CONTAINS = [
        'password', 'passwd', 'passphrase', 'pwd', 'secret', 'token', 'privatekey', 'apikey', 'accesskey', 'authkey',
        'credential', 'cookie', 'sessionid', 'sessid', 'cvv', 'cvc2', 'cardnum', 'cardno', 'ccnum', 'cardcvc',
        'eppcode', 'authcode', 'authdata', 'authinfo', 'transfercode', 'securityqans', 'securityanswer',
        'private', 'bankacct', 'bankaccount', 'backupcode', 'recoverycode', 'resetkey', 'accesshash', 'passwordhash',
        'identifierhash', 'encryptionhash', 'authorization', 'signature', 'cardstart',
    ];
    const ENDS_WITH = ['pass', 'key', 'epp', 'cvc', 'otp', 'pin', 'pw'];
    const EXACT = ['auth', 'sid', 'iban', 'totp', 'seed', 'salt', 'nonce', 'pan'];
    const HARMLESS = [
        'disableadminpwreset', 'passwordresetexpiry', 'tokenexpiry', 'requiredpwstrength', 'privatenotes', 'privatenote',
        'publickey', 'languagekey', 'sortkey', 'foreignkey', 'primarykey', 'signaturealgorithm', 'bypass',
        'shipping', 'mapping', 'ping', 'spin', 'requireseppcode', 'emailsignature',
        'passwordchanged', 'passwordexpiry', 'lastpasswordchange',
    ];

    public static function isSecret(string $name): bool
    {
        static $known = [];
        if (!isset($known[$name])) {
            if (count($known) > 2000) {
                $known = [];
            }
            $known[$name] = self::looksSecret((string) preg_replace('/[^a-z0-9]/', '', strtolower($name)));
        }

        return $known[$name];
    }

    /** A "...hash" is a secret when it looks like one; a file's short tag does not. */
    public static function isSecretHash(string $name, string $value): bool
    {
        return stripos($name, 'hash') !== false && preg_match('~^[A-Za-z0-9+/=$.:_-]{12,}$~', $value) === 1;
    }

    private static function looksSecret(string $plain): bool
    {
        if (in_array($plain, self::HARMLESS, true)) {
            return false;
        }
        if (in_array($plain, self::EXACT, true)) {
            return true;
        }
        foreach (self::CONTAINS as $word) {
            if (strpos($plain, $word) !== false) {
                return true;
            }
        }
        foreach (self::ENDS_WITH as $word) {
            if (substr($plain, -strlen($word)) === $word) {
                return true;
            }
        }

        return false;
    }
}
