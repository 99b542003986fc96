// Where the pictures of members lie: paths of this installation, so that nobody's browser is sent anywhere else.

/** The path of an uploaded picture, and nothing else: no other path, no other host. */
export const isAvatarPath = (address: string): boolean =>
  /^\/avatars\/[0-9a-f]{32}\.(?:png|jpg|gif|webp)$/.test(address);

/** A picture as it may be shown: any other address, as older versions took, is left out. */
export const avatarOf = (avatarUrl: string | undefined): { avatarUrl?: string } =>
  avatarUrl !== undefined && isAvatarPath(avatarUrl) ? { avatarUrl } : {};
