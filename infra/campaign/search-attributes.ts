import { setTimeout as sleep } from "node:timers/promises";
import type { Connection } from "@temporalio/client";
import proto from "@temporalio/proto";
import { SEARCH_ATTRIBUTES } from "../../core/search-attributes.ts";

const { IndexedValueType } = proto.temporal.api.enums.v1;
const TYPES = {
	KEYWORD: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
	INT: IndexedValueType.INDEXED_VALUE_TYPE_INT,
	DOUBLE: IndexedValueType.INDEXED_VALUE_TYPE_DOUBLE,
} as const;

const NAMES_ALL = Object.values(SEARCH_ATTRIBUTES)
	.map(({ name, type }) => `${name} = ${type === "KEYWORD" ? "'none'" : "0"}`)
	.join(" AND ");

/** gRPC's numbers. */
const INVALID_ARGUMENT = 3;
const ALREADY_EXISTS = 6;

/** A server's parts read what was added from caches, which they renew every few seconds. */
const KNOWN_WITHIN_MS = 30_000;

/**
 * Makes sure that a namespace has the search attributes of campaigns: a workflow that sets one which the server does not
 * know stands still.
 *
 * @returns false where they are not there and may not be added, as on Temporal Cloud without the right to, or where one of
 *   their names is taken for another type; campaigns run without them then
 */
export async function ensureSearchAttributes(
	connection: Pick<Connection, "operatorService" | "workflowService">,
	namespace: string,
): Promise<boolean> {
	const wanted = Object.values(SEARCH_ATTRIBUTES).map(({ name, type }) => [name, TYPES[type]] as const);
	const { operatorService, workflowService } = connection;
	const known = await operatorService.listSearchAttributes({ namespace }).then(
		({ customAttributes }) => customAttributes ?? {},
		// A server that shows its list to nobody may have them all the same, which the query below finds out.
		() => ({}) as Record<string, number>,
	);
	if (wanted.some(([name, type]) => (known[name] ?? type) !== type)) return false;
	const missing = wanted.filter(([name]) => known[name] === undefined);
	const isAdded = missing.length === 0 || (await add(operatorService, namespace, Object.fromEntries(missing)));
	const end = Date.now() + (isAdded ? KNOWN_WITHIN_MS : 0);
	for (;;) {
		try {
			// A query that names them all is refused as long as one is not known.
			await workflowService.countWorkflowExecutions({ namespace, query: NAMES_ALL });
			return true;
		} catch (error) {
			if ((error as { code?: number }).code !== INVALID_ARGUMENT || Date.now() > end) return false;
			await sleep(100);
		}
	}
}

/** Another campaign that begins at this moment may be faster; then they are there, too. */
function add(
	service: Connection["operatorService"],
	namespace: string,
	searchAttributes: Record<string, number>,
): Promise<boolean> {
	return service.addSearchAttributes({ namespace, searchAttributes }).then(
		() => true,
		(error) => error.code === ALREADY_EXISTS,
	);
}
