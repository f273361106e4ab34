// Writes the types of the service's API from its document, or with --check compares them.

import { readFileSync, writeFileSync } from 'node:fs';
import openapiTS, { astToString } from 'openapi-typescript';

const DOCUMENT = new URL('../../docs/openapi.json', import.meta.url);
const TYPES = new URL('../src/service/generated/api.ts', import.meta.url);
const HEADER = '// Made from docs/openapi.json by `npm run gen`. Do not edit.\n\n';

const types = HEADER + astToString(await openapiTS(DOCUMENT));
if (process.argv.includes('--check')) {
  if (readFileSync(TYPES, 'utf8') !== types) {
    console.error('types of the API: not those of docs/openapi.json; run `npm run gen`');
    process.exit(1);
  }
  console.log('types of the API: those of docs/openapi.json');
} else {
  writeFileSync(TYPES, types);
}
