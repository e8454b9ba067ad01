/** What these tests read of Temporal's JSON histories, the form that its other tools write too. */
export interface JsonHistory {
	readonly events: [JsonEvent, ...JsonEvent[]];
}

export interface JsonEvent {
	readonly eventType: string;
	readonly eventId: string;
	/** ISO 8601. */
	readonly eventTime: string;
	readonly workflowExecutionStartedEventAttributes?: {
		readonly workflowId: string;
		readonly originalExecutionRunId: string;
		readonly workflowType: { readonly name: string };
	};
	readonly workflowExecutionContinuedAsNewEventAttributes?: { readonly newExecutionRunId: string };
	readonly childWorkflowExecutionStartedEventAttributes?: {
		readonly workflowExecution: { readonly workflowId: string; readonly runId: string };
	};
	readonly activityTaskScheduledEventAttributes?: {
		activityType: { name: string };
		readonly taskQueue: { readonly name: string };
	};
	readonly activityTaskCompletedEventAttributes?: {
		readonly scheduledEventId: string;
		readonly startedEventId: string;
	};
}

/** Where and as what a history began. */
export function origin(history: JsonHistory) {
	const { workflowId, originalExecutionRunId, workflowType } =
		history.events[0].workflowExecutionStartedEventAttributes!;
	return { workflowId, runId: originalExecutionRunId, type: workflowType.name };
}

interface JsonPayload {
	readonly metadata: Readonly<Record<string, string>>;
	readonly data?: string;
}

/** A copy of any part of a history with its strings and the decoded data of its payloads replaced. */
export function mapTexts(value: unknown, replace: (text: string, isPayload: boolean) => string): unknown {
	if (typeof value === "string") return replace(value, false);
	if (Array.isArray(value)) return value.map((each) => mapTexts(each, replace));
	if (typeof value !== "object" || value === null) return value;
	if (isPayload(value)) {
		if (value.data === undefined) return value;
		const data = Buffer.from(value.data, "base64").toString("utf8");
		return { ...value, data: Buffer.from(replace(data, true)).toString("base64") };
	}
	return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, mapTexts(each, replace)]));
}

function isPayload(value: object): value is JsonPayload {
	return "metadata" in value && typeof value.metadata === "object" && "encoding" in (value.metadata ?? {});
}
