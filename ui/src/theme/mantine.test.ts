import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

import { expect, it } from 'vitest';

const MANTINE = resolve('node_modules/@mantine');

/** Files below a folder whose names end so. */
function files(folder: string, ending: RegExp): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => ending.test(file))
    .map((file) => join(folder, file));
}

/** Names of `@mantine/core` that files import. */
function imported(sources: string[]): string[] {
  return sources.flatMap((file) =>
    [
      ...readFileSync(file, 'utf8').matchAll(/import (?:type )?\{([^}]*)\} from ["']@mantine\/core["']/g),
    ].flatMap(([, names = '']) => names.split(',').map((name) => name.trim())),
  );
}

/** The style sheets that a module and all that it imports have. */
function sheets(module: string, seen: Set<string>): string[] {
  if (seen.has(module)) return [];
  seen.add(module);
  const own = module.endsWith('.module.mjs') ? [basename(module, '.module.mjs')] : [];
  const others = [...readFileSync(module, 'utf8').matchAll(/from ["'](\.[^"']*)["']/g)];
  return [...own, ...others.flatMap(([, path = '']) => sheets(resolve(dirname(module), path), seen))];
}

/** The modules of a component. */
function modules(component: string): string[] {
  const folder = join(MANTINE, 'core/esm/components', component);
  return component !== '' && existsSync(folder) ? files(folder, /\.mjs$/) : [];
}

it('has the style sheets of the components in use, of what these are made of, and no others', () => {
  const used = [
    ...imported(files('src', /\.tsx?$/)),
    ...['modals', 'notifications'].flatMap((kit) => imported(files(join(MANTINE, kit, 'esm'), /\.mjs$/))),
  ];
  const seen = new Set<string>();
  const needed = used
    .flatMap(modules)
    .flatMap((module) => sheets(module, seen))
    .filter((name) => existsSync(join(MANTINE, `core/styles/${name}.css`)));
  const listed = [...readFileSync('src/theme/mantine.css', 'utf8').matchAll(/styles\/([A-Z]\w*)\.css/g)].map(
    ([, name = '']) => name,
  );
  expect([...listed].sort()).toEqual([...new Set(needed)].sort());

  // Where two sheets say something of the same element, the later one counts: as in the sheet of all components.
  const all = readFileSync(join(MANTINE, 'core/styles.css'), 'utf8');
  const at = listed.map((name) => {
    const [own] = /\.m_[0-9a-f]+/.exec(readFileSync(join(MANTINE, `core/styles/${name}.css`), 'utf8')) ?? [
      '',
    ];
    return all.indexOf(own);
  });
  expect(at).toEqual([...at].sort((a, b) => a - b));
});
