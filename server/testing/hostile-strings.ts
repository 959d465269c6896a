/** What somebody would type to break a page, a search, a spreadsheet or a reader's eye: by category, so that a gap is seen. */
const MARKUP_PAYLOADS = ['<script>window.pwned=1</script>', '<img src=x onerror=window.pwned=1>', '<svg onload=window.pwned=1>', '<svg><script>window.pwned=1</script></svg>', '<iframe srcdoc="<script>parent.pwned=1</script>">', '<body onload=window.pwned=1>', '<details open ontoggle=window.pwned=1>', '<input autofocus onfocus=window.pwned=1>', '<a href="javascript:window.pwned=1">x</a>', '<form action="//evil.example"><button>go</button></form>', '<style>*{display:none}</style>', '<link rel=stylesheet href=//evil.example/x.css>', '<meta http-equiv=refresh content="0;url=//evil.example">', '<base href="//evil.example/">', '<object data=//evil.example></object>', '<math><mtext></mtext><mglyph><style><img src=x onerror=window.pwned=1>', '<noscript><p title="</noscript><img src=x onerror=window.pwned=1>">', '<template><img src=x onerror=window.pwned=1></template>', '<video><source onerror=window.pwned=1>', '<marquee onstart=window.pwned=1>']; // prettier-ignore
const BREAKOUTS = ['', '">', "'>", '</title>', '</textarea>', '</script>', '-->', ']]>', '</bdi></td></tr></table>', '</pre></code>', '&lt;/p&gt;']; // prettier-ignore
const ATTRIBUTES = ['" onmouseover="window.pwned=1', "' onfocus='window.pwned=1' autofocus='", '` onclick=`window.pwned=1', 'x" style="position:fixed;inset:0', '" data-copy="x', 'javascript:window.pwned=1', 'data:text/html,<script>window.pwned=1</script>', '&#34; onload=&#34;', '&quot;&gt;&lt;b&gt;', '&amp;lt;script&amp;gt;', '&#0;', '&#x202e;', '&nbsp;&shy;', '\u2028</script>', '<!--', '<![CDATA[', '<?php phpinfo(); ?>', '<', '>', '&', '"', "'", '`', '\\', '\\"', '\\\\"', '</', '<a', '&lt', '&#', '%3Cscript%3E', '\\u003cscript\\u003e', '\\x3cscript\\x3e', '+ADw-script+AD4-', '＜script＞', '<\u0000script>', '<scr\u200bipt>']; // prettier-ignore
const TEMPLATES = ['<%= 7*7 %>', '<%- include("/etc/passwd") %>', '<% process.exit() %>', '%>', '<%', '{{7*7}}', '{{actor}}', '{{count, number}}', '{{- actor}}', '$t(errors:not_found)', '$t(common:product, {"count": 1})', '__proto__', 'constructor', 'toString', 'hasOwnProperty', 'prototype', '${7*7}', '#{7*7}', '{%print(7)%}', '{{constructor.constructor("window.pwned=1")()}}', '[[${7*7}]]', '@{7*7}', '~{x}', '*{x}', 'errors:title.not_found', 'key \'x\' returned an object', '{0}', '%s%s%s%n', '%d', '%(x)s', '$1', '$&', "$`", '\\1', 'undefined', 'null', 'NaN', 'true', 'false', '[object Object]', 'Infinity', '-0']; // prettier-ignore
const FORMULA_HEADS = ['=', '+', '-', '@', '|', '%', '＝', '＋', '－', '＠'];
const FORMULA_PADS = ['', ' ', '\t', '\r', '\n', '\u00a0', '\u0000', '"', "'"];
const FORMULAS = ['HYPERLINK("http://evil.example","click")', "cmd|' /C calc'!A0", '1+1'];
const CSV = ['a,b', 'a;b', 'a\tb', '"a"', '"', '""', '""""', ',', ',,,', '\r\n', '\n', '\r', 'a\r\nb', 'a\nb', '"a,\r\nb"', 'a"b', "a'b", '1,5', '1.5', '00123', '1e5', '1E400', '0x10', '2026-11-21', '11/12/26', '12:00', 'TRUE', '#REF!', '#N/A', 'SEP', 'MAR1', 'DEC1', '1-2', '(1)', '$1', '€1', '1%', 'a\u0000b', 'ends with comma,', ',begins with comma', '\ufeffmark first', 'last\ufeff']; // prettier-ignore
const SQL = ["'", "''", "';--", "' OR '1'='1", "'; DROP TABLE entries;--", '" OR ""="', "1' UNION SELECT 1,2,3--", "1); DELETE FROM entries;--", "admin'--", "\\'; SELECT 1;--", '%', '_', '%%', '\\%', '100%', 'a_b', '[a-z]', "x' AND SLEEP(5)#", '/*!50000 SELECT*/', "'||(SELECT 1)||'", '`entries`', ';', '--', '#', '/* */', '?', '??', ':1', '$1::int', "E'\\\\'", 'NULL', "CHAR(39)", '0x27', "\u2019 OR 1=1", "ʼ OR 1=1", "' ESCAPE '\\"]; // prettier-ignore
const PATHS = ['../../../etc/passwd', '..\\..\\windows\\win.ini', '/etc/passwd%00.png', 'file:///etc/passwd', 'C:\\CON', 'aux.txt', '//evil.example/x', '\\\\evil.example\\share', 'http://evil.example', 'https://user:pw@evil.example/', '/entries/1?drawer=1#x', '%2e%2e%2f', '..%c0%af', '.', '..', '/', '~', '~root', '$HOME', '$(id)', '`id`', '; id', '| id', '&& id', '\n id', '-rf', '--help', '\u0000', 'a\u0000b.csv', 'x'.repeat(300), 'con', '?x=1', '#frag', 'a/b', 'a\\b', '*', '?.*', '(a+)+$', '[', '((((', '^', '$']; // prettier-ignore
const CONTROLS = [...Array(32).keys(), 127, 128, 133, 159].map((code) => `a${String.fromCharCode(code)}b`);
const UNSEEN = ['\u200b', '\u200c', '\u200d', '\u200e', '\u200f', '\u202a', '\u202b', '\u202c', '\u202d', '\u202e', '\u2060', '\u2061', '\u2066', '\u2067', '\u2068', '\u2069', '\ufeff', '\u00ad', '\u034f', '\u061c', '\u115f', '\u180e', '\u2028', '\u2029', '\u3164', '\uffa0', '\ufff9', '\ufffc', '\ufffd', '\uffff', '\u{e0041}', '\u{1d173}']; // prettier-ignore
const BIDI = ['safe\u202egpj.exe', '\u202eevil\u202c', '\u2067\u2066x\u2069\u2069', 'admin\u200e\u202e\u202enimda', 'שלום', 'مرحبا بالعالم', 'abc שלום 123', 'مرحبا <b>x</b> 123', '(שלום)', 'العربية, עברית, English', '\u0661\u0662\u0663', 'ﷺ', '﷽', 'a\u2066b\u2069c', '\u061cabc']; // prettier-ignore
const SCRIPTS = ['审计日志，发票', '繁體中文稽核', '后里面干云', '日本語テスト', '한국어', 'ไทย', 'हिन्दी', 'தமிழ்', 'Ελληνικά', 'Русский', 'İstanbul ı', 'Straße', 'ﬁle', 'Ǆ ǅ ǆ', 'ſ', 'K', 'Å', 'é', 'e\u0301', 'ａｂｃ１２３', '①②③', '½', '㎏', '𝒜𝒷𝒸', '𝟘𝟙', 'ᴀʙᴄ', 'аdmin', 'раураl', 'ｗｗｗ', '𠮷野家', '𪚥', '㐀', '〇', '々', '「」、。', '！＂＃', '\u3000', '𓀀', 'ꙮ', '🏳️\u200d🌈']; // prettier-ignore
const EMOJI = [
  '😀',
  '👩\u200d👩\u200d👧\u200d👦',
  '👍🏽',
  '🇹🇼🇨🇳',
  '🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}',
  '❤️',
  '☺︎',
  '1️⃣',
  '🧑🏿\u200d🚒',
  '💩💩💩',
  '\u{1f600}\u200d',
  '🫠',
  '♀️',
  '⃣',
  '🅰️',
];
const COMBINING = ['Z̸̡̢͓a̷l̸g̶o̵', `a${'\u0301'.repeat(80)}`, '\u0301', 'ก็็็็็็็็', 'ö̲', 'ﾞﾞﾞ', '각', 'क्षि', '\u1112\u1161\u11ab', 'q\u0307\u0323', 'q\u0323\u0307', '\u05e9\u05c1', 'ɐqɔ', '﷽﷽﷽', '꧅꧅']; // prettier-ignore
const LONG = ['W'.repeat(3_000), '漢'.repeat(1_000), 'a '.repeat(1_000), '\u0301'.repeat(500), '<'.repeat(500), '"'.repeat(500), '\n'.repeat(200), 'a-'.repeat(500), `${'x'.repeat(199)}<b>`, '１'.repeat(300), '😀'.repeat(300), '\u200b'.repeat(300)]; // prettier-ignore
const BLANKS = [' ', '   ', '\t', '\u00a0', '\u2003', '\u3000', ' a', 'a ', ' a  b ', '\u2009x', '\n\nx', 'x\n\n', '\u0085x', '\u1680x', '0', 'a', '-', '.', ',', '(', ')', '空']; // prettier-ignore
const JSON_LIKE = ['{"a":1}', '[]', '{}', '"', '\\u0000', '\\ud800', '{"__proto__":{"x":1}}', 'null', '1e999', '{"a":', '[[[[', "{'a':1}", '// x', '/* x */', '{"entries":[]}', '\\n', '\\r\\n', '\b\f', '\u2028', '{"event":"x","event":"y"}', '\\', '\\\\']; // prettier-ignore

/** More than 500, each once. None looks like a card number or a secret, which are kept out for other reasons. */
export const HOSTILE_STRINGS: readonly string[] = [
  ...new Set([
    ...MARKUP_PAYLOADS.flatMap((payload, at) => [payload, `${BREAKOUTS[at % BREAKOUTS.length]}${payload}`]),
    ...BREAKOUTS.map((breakout) => `${breakout}<b id=pwned>x</b>`),
    ...ATTRIBUTES,
    ...TEMPLATES,
    ...FORMULA_HEADS.flatMap((head) => FORMULA_PADS.map((pad, at) => `${pad}${head}${FORMULAS[at % FORMULAS.length]}`)),
    ...CSV,
    ...SQL,
    ...PATHS,
    ...CONTROLS,
    ...UNSEEN.map((letter) => `admin${letter}x`),
    ...BIDI,
    ...SCRIPTS,
    ...EMOJI,
    ...COMBINING,
    ...LONG,
    ...BLANKS,
    ...JSON_LIKE,
  ]),
];

/** Half a pair of surrogates is no text: what holds one cannot be kept as it came. */
export const BROKEN_STRINGS: readonly string[] = ['\ud800', 'a\udfffb', '\udc00\ud800', 'x\ud83d'];
