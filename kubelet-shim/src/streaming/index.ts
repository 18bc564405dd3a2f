export { type LogOptions, type LogWriterState, readContainerLog } from './log-reader.ts';
export { type ConnectPort, servePortForward } from './port-forward.ts';
export { type RunSession, serveRemoteCommand } from './remote-command.ts';
export { acceptWebSocket, refuse, type UpgradeRequest } from './upgrade.ts';
