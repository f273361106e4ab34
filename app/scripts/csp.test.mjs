import { describe, expect, it } from 'vitest';

import { policy } from './csp.mjs';

describe('the policy of the pages', () => {
  it('lets nothing in but the app’s own files, and no script or style within the page', () => {
    const directives = new Map(
      policy()
        .split('; ')
        .map((directive) => directive.split(' '))
        .map(([name, ...values]) => [name, values]),
    );
    expect(directives.get('default-src')).toEqual(["'none'"]);
    expect(directives.get('script-src')).toEqual(["'self'", "'wasm-unsafe-eval'"]);
    expect(directives.get('style-src')).toEqual(["'self'"]);
    expect(directives.get('require-trusted-types-for')).toEqual(["'script'"]);
    for (const values of directives.values()) {
      expect(values).not.toContain("'unsafe-inline'");
      expect(values).not.toContain("'unsafe-eval'");
      expect(values).not.toContain('*');
      expect(values).not.toContain('http:');
      expect(values).not.toContain('data:');
    }
  });
});
