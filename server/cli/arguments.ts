import { InvalidArgumentError } from 'commander';

// Arguments that several commands take alike.

export function nonEmpty(value: string): string {
  const text = value.trim();
  if (text === '' || text.length > 191) throw new InvalidArgumentError('write 1 to 191 characters.');
  return text;
}

export function slug(value: string): string {
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(value))
    throw new InvalidArgumentError('write lower-case letters, digits and dashes.');
  return value;
}

export function oneOf<T extends string>(allowed: readonly T[]) {
  return (value: string): T => {
    const found = allowed.find((one) => one === value);
    if (found === undefined) throw new InvalidArgumentError(`write one of ${allowed.join(', ')}.`);
    return found;
  };
}
