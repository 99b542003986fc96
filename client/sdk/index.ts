// The SDK's public face. Bundlers drop the half that is not used.
export type * from './api.ts';
export { browserStorage, memoryStorage } from './storage.ts';
export { createStaffClient } from './staff.ts';
export { createVisitorClient } from './visitor.ts';
