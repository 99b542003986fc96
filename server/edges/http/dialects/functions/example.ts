// The published document's own example, for the generated documentation.
import type { RouteExample } from '../dialect.ts';

export const createExample: RouteExample = {
  request: {
    agent_id: '550e8400-e29b-41d4-a716-446655440000',
    name: 'Support Widget',
    primary_color: '#4f46e5',
    welcome_message: 'Hi there! How can we help you today?',
    collect_visitor_email: true,
  },
  response: {
    id: 'd4e5f6a7-b8c9-0d1e-2f3a-456789bcdef0',
    widget_key: 'wgt_a1b2c3d4e5f6789012345678',
    agent_id: '550e8400-e29b-41d4-a716-446655440000',
    name: 'Support Widget',
    primary_color: '#4f46e5',
    position: 'bottom-right',
    welcome_message: 'Hi there! How can we help you today?',
    collect_visitor_name: true,
    collect_visitor_email: true,
    is_active: true,
    embed_code:
      "<script>(function(w,d,s,o,f,js,fjs){w['PatWidget']=o;w[o]=w[o]||function(){(w[o].q=w[o].q||[]).push(arguments)};js=d.createElement(s);fjs=d.getElementsByTagName(s)[0];js.id=o;js.src=f;js.async=1;fjs.parentNode.insertBefore(js,fjs);}(window,document,'script','PatChat','https://solomobile.ai/widget/pat-chat.js'));PatChat('init',{widgetKey:'wgt_a1b2c3d4e5f6789012345678'});</script>",
    created_at: '2024-01-15T10:30:00Z',
  },
};
