/** Stands in for a module of Node.js that a library names and never loads in a browser. */
export {};
