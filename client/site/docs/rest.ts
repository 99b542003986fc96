// The REST calls of this installation, shown by Swagger UI out of its own OpenAPI document. Nothing comes from elsewhere.
import 'swagger-ui-dist/swagger-ui.css';
import SwaggerUI from 'swagger-ui-dist/swagger-ui-es-bundle.js';

const dark = matchMedia('(prefers-color-scheme: dark)');
const follow = (): void => {
  document.documentElement.classList.toggle('dark-mode', dark.matches);
};
follow();
dark.addEventListener('change', follow);

SwaggerUI({
  dom_id: '#calls',
  url: '/openapi.json',
  deepLinking: true,
  docExpansion: 'none',
  defaultModelsExpandDepth: -1,
  displayRequestDuration: true,
  // A key that was typed in is gone with the page.
  persistAuthorization: false,
  // No third party is asked what it thinks of the document.
  validatorUrl: null,
});
