import type { Step } from "./faults.ts";
import type { Question } from "./question.ts";

/** One call as the server saw it. Times are milliseconds of `performance.now()`. */
export interface Attempt {
	readonly step: Step;
	readonly isRepair: boolean;
	readonly at: number;
	/** When the reply was sent whole, or the connection was gone. */
	endedAt?: number;
	/** Whether the whole reply was handed to a connection that was open. */
	isDelivered: boolean;
	/** The text of the reply, where it has one. */
	text?: string;
	/** US dollars; 0 where nothing is charged. */
	cost: number;
}

export interface QuestionRecord {
	readonly question: Question;
	readonly attempts: Attempt[];
	/** Steps of the script that are used up: a reply that found the connection closed is kept for the next call. */
	position: number;
}

/** Everything that was asked, for a checker. */
export class Records {
	readonly questions = new Map<string, QuestionRecord>();
	/** Authorization headers: with the planted key, with another one, and none. */
	readonly authorization = { planted: 0, other: 0, none: 0 };
	/** What was wrong with requests that this server could not read: none of the script's doing. */
	readonly malformed: string[] = [];
	maxConcurrent = 0;
	/** Calls being answered. */
	open = 0;
	private readonly arrivals: number[] = [];

	begin(question: Question): QuestionRecord {
		this.arrivals.push(performance.now());
		this.maxConcurrent = Math.max(this.maxConcurrent, ++this.open);
		const known = this.questions.get(question.identity);
		if (known !== undefined) return known;
		const record = { question, attempts: [], position: 0 };
		this.questions.set(question.identity, record);
		return record;
	}

	authorized(header: string | undefined, key: string | undefined): void {
		this.authorization[header === undefined ? "none" : header === `Bearer ${key}` ? "planted" : "other"]++;
	}

	get calls(): number {
		return this.arrivals.length;
	}

	/** US dollars charged for all calls, those without a reply that arrived included. */
	get cost(): number {
		return this.attempts().reduce((sum, { cost }) => sum + cost, 0);
	}

	attempts(): Attempt[] {
		return [...this.questions.values()].flatMap(({ attempts }) => attempts);
	}

	/** The most calls that arrived within any stretch of so many milliseconds. */
	busiest(milliseconds: number): number {
		let [most, from] = [0, 0];
		this.arrivals.forEach((at, i) => {
			while (this.arrivals[from]! <= at - milliseconds) from++;
			most = Math.max(most, i - from + 1);
		});
		return most;
	}

	/** Calls whose reply was under way at a moment, or had been sent so shortly before it that the reader may not have kept it. */
	unsettledAt(moment: number, milliseconds = 300): Attempt[] {
		return this.attempts().filter(
			({ at, endedAt }) => at <= moment && (endedAt === undefined || endedAt >= moment - milliseconds),
		);
	}
}
