import { settings } from './settings.js'

settings('express-bearer')
