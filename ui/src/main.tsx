import { begun } from './host/early';

import './theme/mantine.css';
import './theme/global.css';

import { createRoot } from 'react-dom/client';

import { App } from './app/App';
import { tauriHost } from './host/tauri';

const root = document.getElementById('root');
if (!root) throw new Error('The page has no root.');
createRoot(root).render(<App host={tauriHost} begun={begun} />);
