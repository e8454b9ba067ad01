import { Validations } from "aws-cdk-lib";
import { Effect, PolicyStatement, type PolicyStatementProps } from "aws-cdk-lib/aws-iam";
import type { IConstruct } from "constructs";

/** Findings of cdk-nag that are accepted, each with the reason: `{ "AwsSolutions-…": "because …" }`. */
export function accept(construct: IConstruct, reasons: Readonly<Record<string, string>>): void {
	for (const [id, reason] of Object.entries(reasons)) Validations.of(construct).acknowledge({ id, reason });
}

const reasons = new Map<string, string>();

/**
 * A statement with a wildcard in its actions or resources. The reason stands where the statement is made; the tests find it
 * by the statement's id and refuse a wildcard that has none.
 *
 * @param sid letters and digits; the same reason may be used in several stacks
 */
export function wildcard(sid: string, reason: string, props: PolicyStatementProps): PolicyStatement {
	reasons.set(sid, reason);
	return new PolicyStatement({ effect: Effect.ALLOW, sid, ...props });
}

/** Why the statement of this id has a wildcard. */
export function reasonOf(sid: string): string | undefined {
	return reasons.get(sid);
}
