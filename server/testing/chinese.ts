import { Converter } from 'opencc-js';

const toTraditional: (text: string) => string = Converter({ from: 'cn', to: 'tw' });
const toSimplified: (text: string) => string = Converter({ from: 'tw', to: 'cn' });

/** Written so in Taiwan as well: 後台, 平台. */
const EITHER_WAY = '台';

/**
 * Characters of the other script, each with its neighbours. OpenCC's tables go by words, so that 后 in 皇后 is right and in 以后
 * is not.
 */
export function wrongCharacters(language: 'zh-CN' | 'zh-TW', text: string): string[] {
  const letters = [...text];
  const wanted = [...(language === 'zh-TW' ? toTraditional : toSimplified)(text)];
  if (letters.length !== wanted.length) return [text];
  return letters.flatMap((letter, at) =>
    letter === wanted[at] || letter === EITHER_WAY
      ? []
      : [`${letter} for ${wanted[at]} in ${letters.slice(Math.max(0, at - 4), at + 5).join('')}`],
  );
}

/** What Chinese readers write in Latin letters as well. */
const OURS: readonly RegExp[] = [
  // Keys of the environment, ways an address begins, mail addresses, the ending of a proof's name, the code of the first tenant.
  /\b[A-Z]+(_[A-Z]+)+\b/g,
  /\b(https?:\/\/|mailto:)/g,
  /\b[\w.-]+@[\w.-]+/g,
  /(?<=[“「])default(?=[”」])/g,
  // Commands to type, and addresses, file names, codes as the program takes them.
  /\b(npx |npm run --silent )?sealtrail( --?[a-z-]+| [a-z-]+)*/g,
  /\b[a-z_]+[:.][\w.*-]+/g,
  /[\w-]*\.(json|csv|php|zip|txt|tlog-proof)\b/g,
  // Zones: Asia/Taipei.
  /\b[A-Z][A-Za-z_]+\/[A-Za-z_/+-]+/g,
  // Abbreviations: IP, CSV, ISO 27001, UTF-8, SHA-256.
  /\b[A-Z]{2,}[A-Z0-9]*(-\d+)?\b/g,
  // Names of programs, methods and keys, and of the menu in WHMCS, whose Chinese users see it in English, too.
  /\b(Sealtrail|Webhook|Merkle|JavaScript|gzip|sendmail|Esc|Enter|System Settings|Addon Modules)\b/g,
  // Single letters: “a–f”, “P” of a key.
  /\b[A-Za-z]\b/g,
];

/** Latin words that have no business in a Chinese text. */
export function foreignWords(text: string): string[] {
  const rest = OURS.reduce((left, pattern) => left.replace(pattern, ' '), text);
  return rest.match(/\p{Script=Latin}{2,}/gu) ?? [];
}
