export { StaticReaders } from './static-readers.ts';
