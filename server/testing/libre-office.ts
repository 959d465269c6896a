import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The cells that a real LibreOffice reads, with whatever it would have computed. */
export async function throughLibreOffice(
  csv: string,
  columns: number,
): Promise<{ cells: string[][]; formulas: number }> {
  const folder = mkdtempSync(path.join(tmpdir(), 'sealtrail-office-'));
  try {
    return await readThere(folder, csv, columns);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function readThere(folder: string, csv: string, columns: number) {
  writeFileSync(path.join(folder, 'in.csv'), csv);
  const office = async (filter: string, file: string) => {
    // UTF-8, comma, double quote; cells as they are typed, formulas evaluated where it would.
    const infilter = file.endsWith('.csv') ? ['--infilter=CSV:44,34,76,1,,0,false,true,false,false,false,-1'] : [];
    await run('soffice', [`-env:UserInstallation=file://${folder}/profile`, '--headless', ...infilter, '--convert-to', filter, '--outdir', path.join(folder, 'out'), path.join(folder, file)], { timeout: 120_000 }); // prettier-ignore
  };
  await office('fods', 'in.csv');
  const sheet = readFileSync(path.join(folder, 'out', 'in.fods'), 'utf8');
  const cells: string[][] = [];
  for (const [, row = ''] of sheet.matchAll(/<table:table-row[^>]*>([\s\S]*?)<\/table:table-row>/g)) {
    const found: string[] = [];
    for (const [, attributes = '', inner = ''] of row.matchAll(
      /<table:table-cell((?:\s[^>]*?)?)(?:\/>|>([\s\S]*?)<\/table:table-cell>)/g,
    )) {
      const paragraphs = [...inner.matchAll(/<text:p\/>|<text:p(?:\s[^>]*)?>([\s\S]*?)<\/text:p>/g)];
      const value = paragraphs.map(([, text = '']) => plain(text)).join('\n');
      const repeated = Number(/number-columns-repeated="(\d+)"/.exec(attributes)?.[1] ?? 1);
      for (let i = 0; i < Math.min(repeated, columns); i += 1) found.push(value);
    }
    cells.push(found);
  }
  return { cells, formulas: (sheet.match(/table:formula=/g) ?? []).length };
}

function plain(xml: string): string {
  return xml
    .replace(/<text:s text:c="(\d+)"\/>/g, (_all, n: string) => ' '.repeat(Number(n)))
    .replace(/<text:s\/>/g, ' ')
    .replace(/<text:tab\/>/g, '\t')
    .replace(/<text:line-break\/>/g, '\n')
    .replace(/<[^>]+>/g, '')
    .replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&quot;/g, '"').replace(/&apos;/g, "'").replace(/&#10;/g, '\n').replace(/&amp;/g, '&'); // prettier-ignore
}
