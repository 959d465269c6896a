import { fingerprintOf } from './certificates';
import type { CmsSigner } from './detached-signature';

interface HowToFacts {
  readonly ledger: string;
  readonly checkpoint: { readonly origin: string; readonly size: number };
  /** The key that signed the checkpoint first. */
  readonly vkeys: readonly string[];
  readonly signer: CmsSigner;
  /** Undefined where nothing was selected. */
  readonly firstSeq: number | undefined;
  /** Whether each entry has a proof of its own. */
  readonly isFew: boolean;
  readonly withValues: boolean;
}

/**
 * How a stranger checks the bundle with what every Linux has: bash, openssl, sha256sum, sed, tr. Lines indented by four blanks are
 * the commands; a test runs exactly these. English, because it goes to a court or an auditor anywhere.
 */
export function howToVerify(facts: HowToFacts): string {
  const { signer, vkeys, checkpoint } = facts;
  const top = signer.certificates.at(-1);
  // A chain that ends below its root has nothing of its own to lead to.
  const partial = top?.checkIssued(top) ? '' : ' -partial_chain';
  return `How to check this bundle without the program that made it
==========================================================

It holds entries of the audit trail "${facts.ledger}". You need bash, openssl 3 and the usual
tools of Linux. Unpack the zip, go into its folder, and run the commands one after the other.
Each of them says OK or "successful" when it found nothing wrong.

Compare first, with what the operator told you another way (contract, letter, telephone):

  SHA-256 of the topmost certificate:
    ${top ? fingerprintOf(top) : ''}
  key of the checkpoints:
    ${vkeys[0] ?? ''}

Whoever forges a bundle puts his own certificate and key into it. Only this comparison finds that.

1. Who signed it
----------------

    openssl cms -verify -binary -inform DER -in manifest.p7s -content manifest.json -CAfile certificate.pem${partial} -purpose any -out /dev/null

This says that manifest.json is as it was signed. Once the certificate has expired, add
-no_check_time. The fingerprint to compare with the one above:

    awk '/BEGIN CERT/ { one = "" } { one = one $0 "\\n" } /END CERT/ { last = one } END { printf "%s", last }' certificate.pem > top.pem
    openssl x509 -in top.pem -noout -fingerprint -sha256

2. Every file is the one that was signed
----------------------------------------

manifest.json lists them with their SHA-256.

    tr '{' '\\n' < manifest.json | sed -n 's/.*"name":"\\([^"]*\\)","sha256":"\\([0-9a-f]*\\)".*/\\2  \\1/p' > sums
    sha256sum -c sums

3. The checkpoint
-----------------

"checkpoint" states how many entries the trail had (${checkpoint.size}) and the root of the Merkle tree over
all of them (RFC 6962, C2SP tlog-checkpoint). The same statement lies with others: compare it with
a later one that you were given, or ask a witness for his.

    sed '/^$/,$d' checkpoint > note.txt
    grep -m1 -F "— $(head -n 1 note.txt) " checkpoint | sed 's/.* //' | base64 -d | tail -c 64 > note.sig
    { printf '\\x30\\x2a\\x30\\x05\\x06\\x03\\x2b\\x65\\x70\\x03\\x21\\x00'; head -n 1 vkeys | sed 's/^[^+]*+[^+]*+//' | base64 -d | tail -c 32; } > note.key
    openssl pkeyutl -verify -rawin -pubin -keyform DER -inkey note.key -in note.txt -sigfile note.sig
${facts.isFew ? onePart(facts) : coverPart()}${facts.withValues && facts.isFew && facts.firstSeq !== undefined ? valuesPart() : ''}
What is in it
-------------

entries.ndjson     the sealed records, byte for byte as they were hashed, one a line
entries.csv        the same for reading
${facts.withValues ? 'openings.ndjson    values that can be erased, with the salts that open their commitments\n' : ''}proofs/            ${facts.isFew ? 'a C2SP tlog-proof for each entry' : 'one proof for all entries together'}
checkpoint         signed note (C2SP); vkeys: the keys that signed it
verification.json  what the program itself found when it took the entries out
manifest.json      what was asked for, counts, and every file; manifest.p7s: its signature
certificate.pem    the signer's certificate and those above it

With the program at hand, all of this and more is one command, which needs no database and no key:

  sealtrail bundle verify BUNDLE.zip --root-fingerprint FINGERPRINT --vkey KEY

The forms of these files are described in docs/format.md of the program.
`;
}

function onePart({ firstSeq }: HowToFacts): string {
  if (firstSeq === undefined)
    return '\n4. Nothing was selected\n-----------------------\n\nThe bundle proves no entry.\n\n';
  return `
4. An entry is in that tree
---------------------------

Set seq to the entry that you ask about; the loop is RFC 9162, section 2.1.3.2.

    seq=${firstSeq}
    record=$(sed -n "/,\\"seq\\":\\"$seq\\",\\"severity\\":/{p;q;}" entries.ndjson)
    { printf '\\x00'; printf '%s' "$record"; } | openssl dgst -sha256 -binary > node
    at=$((seq - 1)); last=$(($(sed -n 2p note.txt) - 1))
    sed -n '3,/^$/p' "proofs/$seq.tlog-proof" | sed '/^$/d' > path
    while read -r hash; do printf '%s' "$hash" | base64 -d > other; if [ $((at % 2)) -eq 1 ] || [ "$at" -eq "$last" ]; then cat other node > pair; while [ $((at % 2)) -eq 0 ] && [ "$at" -ne 0 ]; do at=$((at / 2)); last=$((last / 2)); done; else cat node other > pair; fi; { printf '\\x01'; cat pair; } | openssl dgst -sha256 -binary > node; at=$((at / 2)); last=$((last / 2)); done < path
    [ "$last" -eq 0 ] && [ "$(base64 < node)" = "$(sed -n 3p note.txt)" ] && echo "entry $seq: OK"

`;
}

function coverPart(): string {
  return `
4. The entries are in that tree
-------------------------------

There are too many for a proof each. proofs/cover.txt holds the hashes of the tree between them;
together with the entries they give the root in the checkpoint. "sealtrail bundle verify" puts them
together; docs/format.md says how, for a program of your own. That entries.ndjson is as it was
signed was checked in step 2.

`;
}

function valuesPart(): string {
  return `5. A name, an address, an IP
----------------------------

Personal values are not in the record: it holds a commitment to them, so that they can be erased.
openings.ndjson has the value and the salt. The commitment is HMAC-SHA256 under the salt over
"sealtrail.commitment.v1", a zero byte, the length of ref in four bytes, ref, and the value. For
the first line of the file:

    line=$(sed -n 1p openings.ndjson)
    side=$(printf '%s' "$line" | sed 's/.*,"side":"\\([a-z]*\\)"}$/\\1/'); of=$(printf '%s' "$line" | sed 's/.*,"seq":"\\([0-9]*\\)","side":"[a-z]*"}$/\\1/')
    salt=$(printf '%s' "$line" | sed 's/.*,"salt":"\\([0-9a-f]*\\)",.*/\\1/'); ref=$(printf '%s' "$line" | sed 's/.*,"ref":"\\(.*\\)","salt":.*/\\1/')
    body=$(printf '%s' "$line" | sed 's/^{"body":"\\(.*\\)","ref":.*/\\1/; s/\\\\\\(["\\\\\\/]\\)/\\1/g')
    sealed=$(sed -n "/,\\"seq\\":\\"$of\\",\\"severity\\":/{p;q;}" entries.ndjson | sed "s/.*\\"commitments\\":{[^}]*\\"$side\\":\\"\\([0-9a-f]*\\)\\".*/\\1/")
    made=$({ printf 'sealtrail.commitment.v1\\x00'; printf "$(printf '%08x' "$(printf '%s' "$ref" | wc -c)" | sed 's/../\\\\x&/g')"; printf '%s' "$ref"; printf '%s' "$body"; } | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$salt" | sed 's/^.*= //')
    [ "$made" = "$sealed" ] && echo "values of the $side of entry $of: OK"

`;
}
