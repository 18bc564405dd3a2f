/** The door of a running cluster for the commands of this program. */
export { type ControlHandlers, requestImageImport, startControlSocket } from './control-socket.ts';
