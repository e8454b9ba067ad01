import { CfnParameter, type Stack } from "aws-cdk-lib";
import type { Settings } from "./settings.ts";

/**
 * A setting that differs from deployment to deployment and has no default. Without it templates can be made and looked at,
 * but CloudFormation refuses to deploy them.
 */
function given(stack: Stack, id: string, value: string | undefined, key: keyof Settings, pattern: string): string {
	if (value !== undefined) return value;
	const parameter = new CfnParameter(stack, id, {
		description: `Not set: give -c ${key}=… to cdk deploy`,
		allowedPattern: pattern,
	});
	return parameter.valueAsString;
}

/** Environment variables by which the workers find Temporal; the API key comes from the secret. */
export function temporalEnvironment(stack: Stack, settings: Settings): { [name: string]: string } {
	const { temporalAddress, temporalNamespace } = settings;
	return {
		TEMPORAL_ADDRESS: given(stack, "TemporalAddress", temporalAddress, "temporalAddress", "[^\\s:/]+:[0-9]+"),
		TEMPORAL_NAMESPACE: given(stack, "TemporalNamespace", temporalNamespace, "temporalNamespace", "\\S+"),
	};
}

/** See {@link Settings.externalId}. */
export function externalIdOf(stack: Stack, { externalId }: Settings): string {
	return given(stack, "ExternalId", externalId, "externalId", "[a-zA-Z0-9_+=,.@-]{5,45}");
}
