<?php

declare(strict_types=1);

namespace WHMCS\Module\Addon\Sealtrail;

/**
 * WHMCS mixes a registrar module's own settings (account, API key) into the same array as the facts of the domain, under
 * names that each module picks. So the facts are listed here, and every other key counts as a setting.
 */
final class RegistrarParams
{
    const FACTS = [
        'domainid', 'domain', 'domainname', 'userid', 'sld', 'tld', 'regperiod', 'registrar', 'regtype', 'ns1', 'ns2', 'ns3',
        'ns4', 'ns5', 'dnsmanagement', 'emailforwarding', 'idprotection', 'protectenable', 'lockenabled', 'premiumenabled',
        'premiumcost', 'transfertag', 'dnsrecords', 'contactdetails', 'nameserver', 'currentipaddress', 'newipaddress',
        'ipaddress', 'firstname', 'lastname', 'fullname', 'companyname', 'email', 'address1', 'address2', 'city', 'state',
        'fullstate', 'statecode', 'postcode', 'country', 'countrycode', 'countryname', 'phonecc', 'phonenumber',
        'fullphonenumber', 'phonenumberformatted', 'adminfirstname', 'adminlastname', 'admincompanyname', 'adminemail',
        'adminaddress1', 'adminaddress2', 'admincity', 'adminstate', 'adminfullstate', 'adminpostcode', 'admincountry',
        'adminphonecc', 'adminphonenumber', 'adminfullphonenumber',
    ];

    public static function isFact(string $name): bool
    {
        return in_array(strtolower($name), self::FACTS, true);
    }
}
