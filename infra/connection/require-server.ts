import { DnoError, type ErrorDetails } from "../../core/errors.ts";
import { reasonOf } from "../download/progress.ts";
import { checkServer } from "../temporal-server/check-server.ts";
import { diagnose } from "./diagnose.ts";
import type { GivenServer } from "./read-environment.ts";

/** gRPC's numbers of the two refusals. */
const UNAUTHENTICATED = 16;
const PERMISSION_DENIED = 7;

/**
 * Makes sure that a named server answers, knows its caller and has the namespace.
 *
 * @throws DnoError that says which of these it is not
 */
export async function requireServer(server: GivenServer, timeoutMs = 8_000): Promise<void> {
	try {
		await checkServer(server, server.namespace, timeoutMs);
	} catch (error) {
		throw new DnoError({ ...(refusal(server, error) ?? (await unreachable(server, error, timeoutMs))), cause: error });
	}
}

/** A server that answers, and says no. */
function refusal(server: GivenServer, error: unknown): ErrorDetails | undefined {
	const { namespace, origin, address, credentials } = server;
	// Connecting wraps what the first call was answered.
	const { code, cause } = error as { readonly code?: number; readonly cause?: { readonly code?: number } };
	const status = code ?? cause?.code;
	if (status === UNAUTHENTICATED || status === PERMISSION_DENIED) {
		const hasKey = credentials?.().apiKey !== undefined;
		const mend = hasKey
			? "Check that the key is whole, has not expired and is for this namespace"
			: "Set TEMPORAL_API_KEY, or the certificate that the server wants (docs/connection.md)";
		const what = `The server refuses ${hasKey ? "the API key" : "who is calling"} for namespace ${namespace}`;
		return { what, where: origin, got: address, mend };
	}
	if (!/namespace.*not found/i.test(reasonOf(error))) return undefined;
	return {
		what: `The server has no namespace ${namespace}`,
		where: "TEMPORAL_NAMESPACE",
		got: namespace,
		mend: `Create it: temporal operator namespace create --address ${address} ${namespace}`,
	};
}

/** gRPC says only that time is over; what stands in the way is found by trying by hand. */
async function unreachable(server: GivenServer, error: unknown, timeoutMs: number): Promise<ErrorDetails> {
	const { origin, address } = server;
	const found = await diagnose(server, Math.min(timeoutMs, 3_000));
	if (found !== undefined) return { where: origin, got: address, ...found };
	return {
		what: `No Temporal server answers (${reasonOf(error)})`,
		where: origin,
		got: address,
		mend: "Start that server, correct the address, or unset TEMPORAL_ADDRESS to use the embedded server",
		isRetryable: true,
	};
}
