import { NativeConnection } from "@temporalio/worker";
import { connectionOptions } from "../connection/connection-options.ts";
import type { ServerAccess } from "../connection/server-access.ts";

/** Connects workers to a server; the client's side is `connectClient`. */
export function connectWorker(access: ServerAccess): Promise<NativeConnection> {
	return NativeConnection.connect(connectionOptions(access));
}
