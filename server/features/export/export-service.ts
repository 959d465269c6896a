import { stringify } from 'csv-stringify';
import { stringify as stringifySync } from 'csv-stringify/sync';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Ledger } from '../../entries/entry-store';
import type { BrowseService, EntryFilter, EntryView, Sort } from '../browse/browse-service';
import { EXPORT_COLUMNS, harmless } from './export-columns';

export const EXPORT_FORMATS = ['csv', 'json', 'ndjson'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export interface ExportRequest {
  readonly ledger: Ledger;
  readonly filter: EntryFilter;
  readonly sort: Sort;
  /** Only these entries, by number, ascending; filter and order do not matter then. */
  readonly seqs?: readonly number[];
  readonly format: ExportFormat;
  /** The header of a CSV column by its raw name; the raw name itself by default. */
  readonly header?: (name: string) => string;
}

/** Exports as streams: never more than a few hundred entries are in memory. */
export interface ExportService {
  open(request: ExportRequest): Readable;
  /** The same of entries that come from elsewhere. */
  write(pages: Pages, format: ExportFormat, header?: ExportRequest['header']): Readable;
  /** Streams an export into an answer and resolves at its end; a reader who goes away ends the reading. */
  send(response: Writable, request: ExportRequest): Promise<void>;
}

interface ExportDeps {
  readonly browse: BrowseService;
  /** Runs before the first entry is read and never rejects: what leaves us is under a checkpoint by then. */
  readonly beforeExport?: (ledger: Ledger) => Promise<void>;
}

export function createExportService({ browse, beforeExport }: ExportDeps): ExportService {
  async function* readPages({ ledger, filter, sort, seqs }: ExportRequest) {
    await beforeExport?.(ledger);
    if (!seqs) yield* browse.streamEntries(ledger, filter, sort);
    else
      for await (const page of browse.streamStored(ledger, { seqs }, { withValues: true }))
        yield page.map(({ view }) => view);
  }
  function open(request: ExportRequest): Readable {
    const pages = readPages(request);
    return write(pages, request.format, request.header);
  }

  function write(pages: Pages, format: ExportFormat, header: ExportRequest['header']): Readable {
    switch (format) {
      case 'csv':
        return csv(pages, header ?? ((name) => name));
      case 'json':
        return Readable.from(jsonList(pages), { objectMode: false });
      case 'ndjson':
        return Readable.from(jsonLines(pages), { objectMode: false });
    }
  }
  return { open, write, send: (response, request) => pipeline(open(request), response) };
}

// Of itself the writer quotes CRLF alone: a bare CR or LF would end the row, and what follows could begin as a formula.
const CSV = { record_delimiter: 'windows', quoted_match: /[\r\n]/ } as const;

/** The first line of a CSV with raw names, byte order mark in front. */
export function csvHeader(): string {
  return stringifySync([EXPORT_COLUMNS.map((column) => column.name)], { ...CSV, bom: true });
}

/** Entries as lines of a CSV. */
export function csvLines(entries: readonly EntryView[]): string {
  return stringifySync(
    entries.map((entry) => EXPORT_COLUMNS.map((column) => harmless(column.cell(entry)))),
    CSV,
  );
}

type Pages = ReturnType<BrowseService['streamEntries']>;

/** UTF-8 with BOM, CRLF, RFC 4180 quoting (CONTRACT section 6). */
function csv(pages: Pages, header: (name: string) => string): Readable {
  const rows = async function* () {
    yield EXPORT_COLUMNS.map((column) => harmless(header(column.name)));
    for await (const entries of pages)
      for (const entry of entries) yield EXPORT_COLUMNS.map((column) => harmless(column.cell(entry)));
  };
  const writer = stringify({ ...CSV, bom: true });
  const source = Readable.from(rows());
  source.on('error', (error) => writer.destroy(error));
  return source.pipe(writer);
}

async function* jsonList(pages: Pages): AsyncGenerator<string> {
  let before = '[\n';
  for await (const entries of pages) {
    for (const entry of entries) {
      yield `${before}${JSON.stringify(entry)}`;
      before = ',\n';
    }
  }
  yield before === '[\n' ? '[]\n' : '\n]\n';
}

async function* jsonLines(pages: Pages): AsyncGenerator<string> {
  for await (const entries of pages) yield entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
}

/** `sealtrail-audit-2026-11-21-0801.csv`, time in UTC. */
export function exportFileName(now: Date, format: ExportFormat): string {
  const [day = '', time = ''] = now.toISOString().split('T');
  return `sealtrail-audit-${day}-${time.slice(0, 2)}${time.slice(3, 5)}.${format}`;
}
