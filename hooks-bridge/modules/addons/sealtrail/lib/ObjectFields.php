<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/**
 * What is kept of an object that a hook hands over: a fixed list of plain columns. No method of a foreign class is called
 * besides Eloquent's getAttributes (raw columns, no accessor, no relation, no query); nothing is ever serialised.
 */
final class ObjectFields
{
    const FIELDS = [
        'id', 'uuid', 'userid', 'user_id', 'client_id', 'clientid', 'username', 'email', 'first_name', 'last_name', 'firstname',
        'lastname', 'companyname', 'name', 'title', 'status', 'type', 'invoiceid', 'invoicenum', 'date', 'duedate', 'datepaid',
        'subtotal', 'credit', 'tax', 'tax2', 'total', 'amount', 'currency', 'paymentmethod', 'domain', 'language',
    ];

    /** @return mixed text for dates, else the listed scalar fields, else the class name in brackets */
    public static function of($object)
    {
        if ($object instanceof \DateTimeInterface) {
            return $object->format('Y-m-d\TH:i:sP');
        }
        $columns = self::columns($object);
        $kept = [];
        foreach (self::FIELDS as $field) {
            if (!isset($columns[$field])) {
                continue;
            }
            if (is_scalar($columns[$field]) || $columns[$field] instanceof \DateTimeInterface) {
                $kept[$field] = $columns[$field];
            }
        }

        return $kept === [] ? '[' . self::className($object) . ']' : $kept;
    }

    private static function columns($object): array
    {
        $columns = $object instanceof \Illuminate\Database\Eloquent\Model
            ? $object->getAttributes()
            : get_object_vars($object);

        return is_array($columns) ? $columns : [];
    }

    // An anonymous class's name carries a file path behind a zero byte.
    private static function className($object): string
    {
        return explode("\0", get_class($object))[0];
    }
}
