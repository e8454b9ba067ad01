/** What a campaign says of itself to the server, so that `temporal workflow list` and the web UI can search for it. */
export interface CampaignAttributes {
	readonly campaign?: string;
	/** The one in hand; 0 is the evaluation of the initial policy. */
	readonly iteration?: number;
	/** `running`, `finished` or `stopped`. */
	readonly stage?: string;
	/** DNO's on the held-out prompts against the teacher, in [0, 1]. */
	readonly winRate?: number;
	/** US dollars. */
	readonly spend?: number;
}

/** Their names and types on the server, never encrypted; the form is that of Temporal's `defineSearchAttributeKey`. */
export const SEARCH_ATTRIBUTES = {
	campaign: { name: "DnoCampaign", type: "KEYWORD" },
	iteration: { name: "DnoIteration", type: "INT" },
	stage: { name: "DnoStage", type: "KEYWORD" },
	winRate: { name: "DnoWinRate", type: "DOUBLE" },
	spend: { name: "DnoSpend", type: "DOUBLE" },
} as const;

type Key = (typeof SEARCH_ATTRIBUTES)[keyof CampaignAttributes];
type PairOf<K> = K extends { readonly type: "KEYWORD" }
	? { readonly key: K; readonly value: string }
	: { readonly key: K; readonly value: number };

/** Attributes as Temporal takes them. */
export function searchAttributePairs(attributes: CampaignAttributes): PairOf<Key>[] {
	const entries = Object.entries(attributes) as [keyof CampaignAttributes, string | number][];
	return entries.map(([name, value]) => ({ key: SEARCH_ATTRIBUTES[name], value }) as PairOf<Key>);
}
