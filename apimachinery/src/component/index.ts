export { type Environment, type Logger, type LogFields, type Running, silentLogger } from './component.ts';
