// The model that the configuration asks for.
import type { ModelConfig } from '../../config.ts';
import type { Model } from '../../ports/model.ts';
import { createAiSdkModel } from './ai-sdk.ts';
import { createBuiltinModel } from './builtin.ts';

/** @throws ModelError `misconfigured` where a provider's settings are incomplete */
export const createModel = (config: ModelConfig): Model =>
  config.provider === 'builtin'
    ? createBuiltinModel({ wordsPerSecond: config.wordsPerSecond })
    : createAiSdkModel(config);
