import {
  Button,
  createTheme,
  Drawer,
  Loader,
  Menu,
  mergeThemeOverrides,
  InputWrapper,
  Modal,
  Overlay,
  SegmentedControl,
  Tooltip,
  type CSSVariablesResolver,
  type MantineColorsTuple,
  type MantineThemeOverride,
} from '@mantine/core';

/** The one accent: a blue of ink. Shade 8 carries white text with a contrast above 7 : 1. */
const ink: MantineColorsTuple = [
  '#eef4fc',
  '#dbe7f6',
  '#b3cdec',
  '#88b1e3',
  '#6699db',
  '#508ad6',
  '#3f7dcb',
  '#306bb5',
  '#235797',
  '#14437f',
];

/** Greys of the dark surfaces, from text to the deepest ground: a little blue in them, as in the light ones. */
const dark: MantineColorsTuple = [
  '#dfe3e8',
  '#b8c0ca',
  '#9aa4b0',
  '#6b7480',
  '#333943',
  '#2c313a',
  '#1f2227',
  '#16181c',
  '#111316',
  '#0c0e10',
];

/** Messages stand above a drawer (200). */
export const MESSAGES = 250;
/** A dialog stands above messages: they would cover what it asks. */
export const ABOVE_MESSAGES = 260;

const base = createTheme({
  colors: { ink, dark },
  primaryColor: 'ink',
  primaryShade: { light: 8, dark: 7 },
  autoContrast: true,
  luminanceThreshold: 0.34,
  defaultRadius: 4,
  fontFamily: 'system-ui, -apple-system, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "DejaVu Sans Mono", "Noto Sans Mono", monospace',
  fontSizes: { xs: '12px', sm: '13px', md: '13px', lg: '15px', xl: '18px' },
  lineHeights: { xs: '16px', sm: '20px', md: '20px', lg: '22px', xl: '26px' },
  spacing: { xs: '4px', sm: '8px', md: '12px', lg: '16px', xl: '24px' },
  headings: {
    fontWeight: '600',
    sizes: {
      h1: { fontSize: '18px', lineHeight: '26px' },
      h2: { fontSize: '15px', lineHeight: '22px' },
      h3: { fontSize: '13px', lineHeight: '20px' },
    },
  },
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Button: Button.extend({ defaultProps: { size: 'xs', fw: 500 } }),
    SegmentedControl: SegmentedControl.extend({ defaultProps: { size: 'xs', transitionDuration: 100 } }),
    // The placeholder is no item of a menu, and so nothing for a screen reader.
    Menu: Menu.extend({
      defaultProps: { transitionProps: { duration: 80 }, shadow: 'sm', withInitialFocusPlaceholder: false },
    }),
    Modal: Modal.extend({
      defaultProps: { transitionProps: { duration: 120 }, centered: true, zIndex: ABOVE_MESSAGES },
      styles: {
        title: { fontSize: 15, fontWeight: 600 },
        // On a dark page a shadow cannot be seen.
        content: { border: '1px solid var(--hairline-strong)' },
      },
    }),
    Overlay: Overlay.extend({ defaultProps: { backgroundOpacity: 0.4 } }),
    // A sentence below a field is there to be read.
    InputWrapper: InputWrapper.extend({
      styles: {
        error: { fontSize: 12, lineHeight: '16px' },
        description: { fontSize: 12, lineHeight: '16px' },
      },
    }),
    Drawer: Drawer.extend({ defaultProps: { transitionProps: { duration: 120 }, position: 'right' } }),
    Tooltip: Tooltip.extend({ defaultProps: { openDelay: 400, withArrow: true, fz: 'xs' } }),
    Loader: Loader.extend({ defaultProps: { size: 'xs' } }),
  },
});

/** The theme; what closes something has a name in the language of the window. */
export function makeTheme(close: string): MantineThemeOverride {
  return mergeThemeOverrides(base, {
    components: { CloseButton: { defaultProps: { size: 'sm', 'aria-label': close } } },
  });
}

/** Stock greys and reds fall short of 4.5 : 1 on our surfaces; these do not. */
export const resolver: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-dimmed': '#58616c',
    '--mantine-color-placeholder': '#616a75',
    '--mantine-color-error': '#b42318',
    '--mantine-color-anchor': '#235797',
  },
  dark: {
    '--mantine-color-body': '#16181c',
    '--mantine-color-text': '#dfe3e8',
    '--mantine-color-dimmed': '#9aa4b0',
    '--mantine-color-placeholder': '#949eaa',
    '--mantine-color-error': '#ff9d94',
    '--mantine-color-anchor': '#88b1e3',
    '--mantine-color-default': '#1f2227',
    '--mantine-color-default-hover': '#282c33',
    '--mantine-color-default-border': '#3a404a',
  },
});
