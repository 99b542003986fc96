declare module 'swagger-ui-dist/swagger-ui-es-bundle.js' {
  /** Draws the viewer into an element of the page. */
  const SwaggerUI: (options: Record<string, unknown>) => unknown;
  export default SwaggerUI;
}
