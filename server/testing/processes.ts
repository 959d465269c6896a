import { readdirSync, readFileSync } from 'node:fs';

/** Running processes that a process has started. */
export function childrenOf(pid: number): number[] {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return all.map(Number).filter((one) => isRunning(one) && statOf(one)[1] === String(pid));
}

/** Also false for one that has ended and waits for its parent. */
export function isRunning(pid: number): boolean {
  const [state = 'Z'] = statOf(pid);
  return state !== 'Z';
}

/** State, parent and what follows (proc(5)). */
function statOf(pid: number): string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}
