/** Where readers ask for help: what the operator has set, else the issues that package.json names; null where neither is there. */
export function supportHref(setting: string | null, manifest: unknown): string | null {
  return [setting, issuesOf(manifest)].find(isReachable) ?? null;
}

function issuesOf(manifest: unknown): string | null {
  const bugs = (manifest as { bugs?: string | { url?: string } } | null)?.bugs;
  return (typeof bugs === 'string' ? bugs : bugs?.url) ?? null;
}

/** An address that a browser may follow from a page: never one that runs code. */
function isReachable(href: string | null): boolean {
  return href !== null && /^(https?:\/\/|mailto:)[^\s]+$/i.test(href);
}
